/**
 * The account's token: one for the fleet, kept in Redis with a version, so that a call that failed under an older one
 * renews nothing. It reads and stores; asking the upstream for a new one is renew-token.ts.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import type { Keys } from '../redis/keys.ts';
import type { Scripts } from '../redis/scripts.ts';
import type { Upstream } from '../upstream/types.ts';

export interface Token {
  readonly value: string;
  readonly version: number;
  readonly kind: 'configured' | 'anonymous';
  readonly userId: string | null;
  /** Epoch ms; null: not known. */
  readonly expiresAt: number | null;
}

export interface TokenSource {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly scripts: Scripts;
  readonly config: Config;
  readonly upstream: Upstream;
  readonly accountId: string;
  readonly clientId: string;
  /** As in Context. */
  readonly reach: (point: string) => void;
}

const storedSchema = z.object({
  value: z.string(),
  version: z.coerce.number(),
  kind: z.enum(['configured', 'anonymous']),
  user_id: z.string(),
  expires_at: z.string(),
});

export async function readStored(source: TokenSource): Promise<Token | null> {
  const parsed = storedSchema.safeParse(await source.redis.hgetall(source.keys.token(source.accountId)));
  if (!parsed.success) return null;
  const { value, version, kind, user_id, expires_at } = parsed.data;
  return { value, version, kind, userId: user_id || null, expiresAt: expires_at === '' ? null : Number(expires_at) };
}

/** NEMO_TOKEN as it was given; version 0: a stored token is always newer. */
export function configuredToken({ config }: TokenSource): Token | null {
  const value = config.nemoToken;
  return value === null ? null : { value, version: 0, kind: 'configured', userId: null, expiresAt: null };
}

/** NEMO_TOKEN may not be left, whatever an earlier start with another setting has stored. */
export const isBound = ({ config }: TokenSource): boolean =>
  config.nemoToken !== null && config.nemoTokenFallback === 'fail';

/** Stores a token under a lock of ours; false when the lock was lost meanwhile. */
export async function storeToken(source: TokenSource, lock: string, token: Omit<Token, 'version'>): Promise<boolean> {
  const { value, userId, kind, expiresAt } = token;
  const expiry = expiresAt === null ? '' : String(expiresAt);
  const reply = await source.scripts['token-commit'](source.accountId, lock, value, userId ?? '', expiry, kind);
  return Number(reply) > 0;
}

/** Only our own: a lock or a note that ran out may be somebody else's by now. */
export async function deleteOwn({ redis }: TokenSource, key: string, value: string): Promise<void> {
  if ((await redis.get(key)) === value) await redis.del(key);
}
