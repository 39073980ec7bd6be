/** The kinds of value that settings have. Messages state the rule and never repeat the input (it may be a secret). */
import { z } from 'zod';
import { toRedisAddress } from '../redis/redis-address.ts';

/** A Node timer that is asked to wait longer (24.8 days) fires at once: longer waits count as this long. */
const maxTimerMs = 2 ** 31 - 1;
/** Below this a poll or a lease is a busy loop against Redis or the upstream. */
const minDurationMs = 50;

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const message =
    max === Number.MAX_SAFE_INTEGER
      ? `must be a whole number from ${min} up`
      : `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, { message, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

export const durationMs = integer(minDurationMs).transform((value) => Math.min(value, maxTimerMs));

export const delaysMs = z.string().transform((text, context) => {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.every((entry) => /^\d{1,16}$/.test(entry))) return entries.map((e) => Math.min(Number(e), maxTimerMs));
  context.addIssue('must be comma-separated whole numbers from 0 up');
  return z.NEVER;
});

export const positiveNumber = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, { message: 'must be a number above 0', abort: true })
  .transform(Number)
  .refine((value) => value > 0, 'must be a number above 0');

export const flag = z.string().transform((text, context) => {
  if (/^(true|1)$/i.test(text)) return true;
  if (/^(false|0)$/i.test(text)) return false;
  context.addIssue('must be true or false');
  return z.NEVER;
});

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `must be one of ${words.join(', ')}`);
}

/** A base to append paths to: no trailing slash is kept, nothing may follow the path, and no credentials. */
export const baseUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash) {
    return url.href.replace(/\/+$/, '');
  }
  context.addIssue('must be an http or https URL without credentials, query or fragment');
  return z.NEVER;
});

/** One server, a socket, Sentinels or a cluster. May carry a password: never printed. */
export const redisUrl = z
  .string()
  .refine(
    (text) => toRedisAddress(text) !== null,
    'must be redis://…, rediss://…, redis+sentinel://…/master, redis+cluster://…, unix:///path or a socket path',
  );
/** `*`, or what browsers send as `Origin`: scheme, host and port alone. */
export const origins = z.string().transform((text, context): string[] => {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const isOrigin = (entry: string): boolean => entry === '*' || URL.parse(entry)?.origin === entry;
  if (entries.every(isOrigin)) return entries;
  context.addIssue('must be comma-separated origins such as https://app.example, or *');
  return z.NEVER;
});

/** Travels in a request header: a line break or a blank in it would break or split the request. */
export const headerValue = z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'must be visible ASCII without blanks');

export const hostName = z.string().regex(/^[A-Za-z0-9_.:[\]%-]{1,253}$/, 'must be a host name or an IP address');

/** Becomes the hash tag `{prefix}` of every key, so that one script may touch BullMQ's keys and ours. */
export const keyPrefix = z
  .string()
  .regex(/^[\x21-\x7a|~]{1,64}$/, 'must be 1 to 64 visible ASCII characters without blanks and braces');

export const folder = z.string().refine((text) => !text.includes('\0'), 'must be a path');
