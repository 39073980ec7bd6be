/** Reads API_KEYS and API_WEIGHTS. Entries are named by position in problems: an entry's text may be a bare key. */
import { z } from 'zod';

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];
/** `name` is the tenant; several keys may share it. */
export type ApiKey = { readonly name: string; readonly key: string; readonly role: Role };

/** The name becomes part of Redis keys, logs and metric labels. */
export const tenantName = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
/** Sent as `Bearer <key>`; `:` and `,` separate, so a key has none. */
const keyText = /^[\x21-\x2b\x2d-\x39\x3b-\x7e]{1,512}$/;
const maxWeight = 1000;

export const apiKeys = z.string().transform((text, context): ApiKey[] => {
  const found: ApiKey[] = [];
  // Commas alone would else read as "no keys", which opens the loopback API to everybody on the machine.
  if (text !== '' && entriesOf(text).length === 0) context.addIssue('must have an entry');
  for (const [at, entry] of entriesOf(text)) {
    const read = readKey(entry);
    const repeated = typeof read === 'string' ? false : found.some((other) => other.key === read.key);
    if (typeof read === 'string') context.addIssue(`entry ${at}: ${read}`);
    // One key with two names would make the tenant depend on the order of a list.
    else if (repeated) context.addIssue(`entry ${at}: repeats the key of an earlier entry`);
    else found.push(read);
  }
  return found;
});

export const apiWeights = z.string().transform((text, context): ReadonlyMap<string, number> => {
  const weights = new Map<string, number>();
  for (const [at, entry] of entriesOf(text)) {
    const [name = '', weight = '', ...rest] = entry.split(':').map((part) => part.trim());
    const value = /^\d{1,4}$/.test(weight) ? Number(weight) : 0;
    if (tenantName.test(name) && rest.length === 0 && value >= 1 && value <= maxWeight) weights.set(name, value);
    else context.addIssue(`entry ${at}: must be name:weight, the weight a whole number from 1 to ${maxWeight}`);
  }
  return weights;
});

/** Numbered from 1; a trailing comma is no entry. */
function entriesOf(text: string): [number, string][] {
  const entries = text.split(',').map((entry, index): [number, string] => [index + 1, entry.trim()]);
  return entries.filter(([, entry]) => entry !== '');
}

function readKey(entry: string): ApiKey | string {
  const [name = '', key = '', role = 'operator', ...rest] = entry.split(':').map((part) => part.trim());
  if (rest.length > 0 || key === '') return 'must be name:key or name:key:role, with no colon in the key';
  if (!tenantName.test(name)) return 'the name must be letters, digits, "_", ".", "@" or "-", 64 at most';
  if (!keyText.test(key)) return 'the key must be visible ASCII without blanks, 512 at most';
  const known = roles.find((word) => word === role);
  return known === undefined ? `the role must be one of ${roles.join(', ')}` : { name, key, role: known };
}
