/** Asks whether a HOST to listen on can be reached from this machine alone. It never resolves names: DNS may lie. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export function isLoopback(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (bare.toLowerCase() === 'localhost') return true;
  // isIP is strict; ipaddr.js alone would also take octal and hex spellings that `listen` reads differently.
  return isIP(bare) !== 0 && ipaddr.process(bare).range() === 'loopback';
}
