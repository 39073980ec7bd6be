/**
 * Judges IP addresses for the guard against requests to inner networks. Pure.
 * `never` is refused whatever the settings: cloud metadata lives on link-local addresses, and no video does.
 */
import ipaddr from 'ipaddr.js';

export type AddressVerdict = 'public' | 'private' | 'never';

const metadataAddresses = new Set(['fd00:ec2::254', '100.100.100.200', '192.0.0.192']);
const neverRanges = new Set(['linkLocal', 'unspecified', 'multicast', 'broadcast']);

/** Any text that is no IP address is judged `never`: the caller asks about addresses only. */
export function judgeAddress(text: string): AddressVerdict {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, ''); // fe80::1%eth0
  if (!ipaddr.isValid(bare)) return 'never';
  const address = ipaddr.parse(bare);
  if (metadataAddresses.has(address.toString())) return 'never';
  const range = address.range();
  if (neverRanges.has(range)) return 'never';
  const inner = address instanceof ipaddr.IPv6 ? embeddedIpv4(address) : null;
  if (inner === null) return range === 'unicast' ? 'public' : 'private';
  const verdict = judgeAddress(inner.toString());
  // Of the forms with an IPv4 inside, only the mapped one is the same host; translated ones depend on a gateway.
  return verdict === 'public' && range !== 'ipv4Mapped' ? 'private' : verdict;
}

export function isAllowed(address: string, allowPrivate: boolean): boolean {
  const verdict = judgeAddress(address);
  return verdict === 'public' || (verdict === 'private' && allowPrivate);
}

/** IPv4-mapped, -compatible, -translated (RFC 6145, NAT64) and 6to4 addresses hold an IPv4 address. */
function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const bytes = address.toByteArray();
  if (address.range() === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6));
  const low = new ipaddr.IPv4(bytes.slice(12));
  if (['ipv4Mapped', 'rfc6145', 'rfc6052'].includes(address.range())) return low;
  const compatible = bytes.slice(0, 12).every((byte) => byte === 0) && address.range() !== 'loopback';
  return compatible ? low : null;
}
