/**
 * Reads the text of API_KEYS_FILE: keys by their hash alone, so that the file is no secret that opens anything. Pure.
 * Entries are named by position in problems and never quoted: somebody may have written a bare key there.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { roles, tenantName, type Role } from './api-keys.ts';

/** A key as it is known to the service, whichever setting it came from. */
export interface HashedKey {
  /** What people call the key; several keys of one tenant differ in it. */
  readonly name: string;
  readonly tenant: string;
  readonly role: Role;
  readonly digest: Buffer;
  /** From then on it is refused; null: never. */
  readonly expiresAtMs: number | null;
}

export const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

const nameRule = 'must be letters, digits, "_", ".", "@" or "-", 64 at most';
/** What a one-liner makes of a variable that was not set, with and without a line's end. */
const hashesOfNothing = new Set(['', '\n'].map((text) => hashKey(text).toString('hex')));

const entrySchema = z
  .strictObject({
    name: z.string().regex(tenantName, nameRule),
    tenant: z.string().regex(tenantName, nameRule),
    role: z.enum(roles, `must be one of ${roles.join(', ')}`),
    sha256: z
      .string()
      .transform((text) => text.toLowerCase())
      .refine((text) => /^[0-9a-f]{64}$/.test(text), 'must be 64 hexadecimal digits')
      .refine((text) => !hashesOfNothing.has(text), 'is the hash of an empty text: was the variable set?'),
    expires: z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }).optional(),
  })
  .transform(({ name, tenant, role, sha256, expires }): HashedKey => ({
    name,
    tenant,
    role,
    digest: Buffer.from(sha256, 'hex'),
    expiresAtMs: expires === undefined ? null : Date.parse(expires),
  }));

export interface KeysFileReading {
  readonly keys: readonly HashedKey[];
  readonly problems: readonly string[];
}

type Placed = { readonly place: string; readonly value: unknown };

/** A JSON array, or one key a line: `name tenant role sha256 [expires]`, with comments after `#`. */
export function readKeysText(text: string): KeysFileReading {
  const entries = text.trimStart().startsWith('[') ? jsonEntries(text) : lineEntries(text);
  if (entries === null) return { keys: [], problems: ['is not JSON'] };
  if (entries.length === 0) return { keys: [], problems: ['has no key'] };
  const keys: HashedKey[] = [];
  const problems: string[] = [];
  for (const { place, value } of entries) {
    const read = entrySchema.safeParse(value);
    if (read.success) {
      problems.push(...repeats(keys, read.data).map((problem) => `${place}: ${problem}`));
      keys.push(read.data);
    } else {
      // An unknown name may be a key that slipped a column: it is not repeated.
      const details = read.error.issues.map(({ code, path, message }) =>
        code === 'unrecognized_keys' ? 'has a name that is none of a key' : [path.join('.'), message].join(' ').trim(),
      );
      problems.push(...details.map((detail) => `${place}: ${detail}`));
    }
  }
  return { keys, problems };
}

/** What a key must not share with an earlier one: else who calls would depend on the order of a list. */
export function repeats(earlier: readonly HashedKey[], key: HashedKey): string[] {
  const problems: string[] = [];
  if (earlier.some(({ name }) => name === key.name)) problems.push('repeats the name of an earlier key');
  if (earlier.some(({ digest }) => digest.equals(key.digest))) problems.push('repeats the hash of an earlier key');
  return problems;
}

function jsonEntries(text: string): Placed[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.map((value: unknown, at) => ({ place: `entry ${at + 1}`, value })) : null;
  } catch {
    // Its message would quote the text.
    return null;
  }
}

function lineEntries(text: string): Placed[] {
  const lines = text.split(/\r?\n/).map((line, at) => ({ at: at + 1, line: line.replace(/#.*$/, '').trim() }));
  return lines
    .filter(({ line }) => line !== '')
    .map(({ at, line }) => {
      const [name, tenant, role, sha256, expires, ...rest] = line.split(/\s+/);
      const value = { name, tenant, role, sha256, ...(expires === undefined ? {} : { expires }) };
      return { place: `line ${at}`, value: rest.length === 0 ? value : { ...value, rest } };
    });
}
