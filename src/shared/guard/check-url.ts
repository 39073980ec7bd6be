/**
 * The part of the guard that needs no network: is this URL one that may be fetched, as far as its text tells? Names are
 * resolved and checked again by the guarded agent when a connection is made.
 */
import { isIP } from 'node:net';
import { judgeAddress, type AddressVerdict } from './judge-address.ts';

export type UrlRefusal = 'invalid_url' | 'unsupported_protocol' | 'url_with_credentials' | 'private_host';
export type UrlCheck =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly code: UrlRefusal; readonly detail: string };

export interface UrlRules {
  readonly allowPrivate: boolean;
  /** With the colon, as in `URL.protocol`. */
  readonly protocols?: readonly string[];
}

export function checkUrl(text: string, rules: UrlRules): UrlCheck {
  const url = URL.parse(text);
  if (url === null) return refuse('invalid_url', 'not a URL');
  const protocols = rules.protocols ?? ['http:', 'https:'];
  if (!protocols.includes(url.protocol)) return refuse('unsupported_protocol', `${url.protocol}// is not supported`);
  if (url.username !== '' || url.password !== '') return refuse('url_with_credentials', 'a URL with user or password');
  const verdict = judgeHost(url.hostname);
  if (verdict === 'never' || (verdict === 'private' && !rules.allowPrivate)) {
    return refuse('private_host', `${url.hostname} is not a public address`);
  }
  return { ok: true, url };
}

/** Names and addresses that are not public by their text, in any spelling a browser takes: 0x7f.1, 2130706433, [::1]. */
export function isPrivateHost(hostname: string): boolean {
  const bracketed = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
  // The URL parser turns decimal, octal, hex, short and full-width forms into the plain address.
  const url = URL.parse(`http://${bracketed}/`);
  return url === null || url.hostname === '' || judgeHost(url.hostname) !== 'public';
}

/** Expects `URL.hostname`: lower case, addresses in plain form, IPv6 in brackets. */
function judgeHost(hostname: string): AddressVerdict {
  const name = hostname.replace(/\.+$/, '');
  if (name === '') return 'never';
  if (name.startsWith('[') || isIP(name) !== 0) return judgeAddress(name);
  if (name === 'metadata.google.internal') return 'never';
  return /(^|\.)(localhost|local|internal)$/.test(name) ? 'private' : 'public';
}

function refuse(code: UrlRefusal, detail: string): UrlCheck {
  return { ok: false, code, detail };
}
