/**
 * The account's token: one for the fleet, kept in Redis, renewed by one process while everybody else waits for the
 * result. A call that failed under an older version renews nothing, and a renewal is never asked for in a loop: the
 * upstream grants one anonymous token a week (upstream, "429 on anonymous-token").
 */
import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import type { Keys } from '../redis/keys.ts';
import type { Scripts } from '../redis/scripts.ts';
import type { Upstream } from '../upstream/types.ts';
import { mintToken } from './mint-token.ts';
import { TokenDeadError } from './token-dead-error.ts';

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
}

const storedSchema = z.object({
  value: z.string(),
  version: z.coerce.number(),
  kind: z.enum(['configured', 'anonymous']),
  user_id: z.string(),
  expires_at: z.string(),
});

/** Longer than a renewal can take (its call times out after 30 s), so that a lock is lost only with its holder. */
const lockMs = 40_000;
const lookAgainMs = 200;

async function readStored(source: TokenSource): Promise<Token | null> {
  const parsed = storedSchema.safeParse(await source.redis.hgetall(source.keys.token(source.accountId)));
  if (!parsed.success) return null;
  const { value, version, kind, user_id, expires_at } = parsed.data;
  return { value, version, kind, userId: user_id || null, expiresAt: expires_at === '' ? null : Number(expires_at) };
}

/** The present token; fetched where there is none, renewed where it is known to have expired (never earlier: quota). */
export async function readToken(source: TokenSource, now: number, signal?: AbortSignal): Promise<Token> {
  const stored = await readStored(source);
  if (stored !== null && (stored.expiresAt === null || stored.expiresAt > now)) return stored;
  if (stored === null && source.config.nemoToken !== null) {
    return { value: source.config.nemoToken, version: 0, kind: 'configured', userId: null, expiresAt: null };
  }
  return renewToken(source, stored?.version ?? 0, signal);
}

/** Renews the token of `version`, unless somebody has done so already. One request for the whole fleet. */
export async function renewToken(source: TokenSource, version: number, signal?: AbortSignal): Promise<Token> {
  if (source.config.nemoToken !== null && source.config.nemoTokenFallback === 'fail') {
    throw new TokenDeadError('the upstream does not accept NEMO_TOKEN, and NEMO_TOKEN_FALLBACK is fail');
  }
  const lock = randomUUID();
  for (;;) {
    signal?.throwIfAborted();
    const stored = await readStored(source);
    if (stored !== null && stored.version > version) return stored;
    const locked = await source.redis.set(source.keys.tokenLock(source.accountId), lock, 'PX', lockMs, 'NX');
    if (locked === 'OK') break;
    await delay(lookAgainMs, undefined, { signal });
  }
  return fetchToken(source, version, lock);
}

async function fetchToken(source: TokenSource, version: number, lock: string): Promise<Token> {
  try {
    // Between the look and the lock somebody may have finished.
    const stored = await readStored(source);
    if (stored !== null && stored.version > version) return stored;
    const fresh = await mintToken(source);
    const expiry = fresh.expiresAtMs === null ? '' : String(fresh.expiresAtMs);
    await source.scripts['token-commit'](source.accountId, lock, fresh.token, fresh.userId ?? '', expiry, 'anonymous');
    const committed = await readStored(source);
    if (committed === null) throw new Error('a renewed token was not stored');
    return committed;
  } finally {
    await releaseLock(source, lock);
  }
}

/** Only our own lock: one that ran out may be somebody else's by now. */
async function releaseLock(source: TokenSource, lock: string): Promise<void> {
  const key = source.keys.tokenLock(source.accountId);
  if ((await source.redis.get(key)) === lock) await source.redis.del(key);
}
