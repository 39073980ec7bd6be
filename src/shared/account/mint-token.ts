/**
 * Asks for an anonymous token, under the caller's lock. A 429 here is the weekly quota (upstream, "429 on
 * anonymous-token"): after one retry waiting cannot help, so it is no pause of the account, and nobody asks for long.
 */
import { z } from 'zod';
import { anonymousToken } from '../upstream/anonymous-token.ts';
import type { AnonymousToken } from '../upstream/types.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { TokenSource } from './account-token.ts';
import { TokenDeadError } from './token-dead-error.ts';

/** Looks at the account between two questions, once the one retry was refused as well: ten minutes by default. */
const looksBetween = 10;
/** The quota's own week: a count that is older says nothing. */
const quotaMs = 7 * 24 * 3600 * 1000;

const numeric = z
  .string()
  .nullable()
  .transform((text) => Number(text ?? 0));

export async function mintToken(source: TokenSource): Promise<AnonymousToken> {
  const { redis, keys, accountId, upstream, clientId } = source;
  const key = keys.tokenRefused(accountId);
  if (numeric.parse(await redis.hget(key, 'until')) > (await redisNow(source))) throw quotaUsedUp();
  try {
    const fresh = await anonymousToken(upstream, { clientId });
    await redis.del(key);
    return fresh;
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.fault.code !== 'rate_limited') throw error;
    await noteRefusal(source, error.fault.retryAfterMs ?? 0);
    throw quotaUsedUp(error);
  }
}

async function noteRefusal(source: TokenSource, retryAfterMs: number): Promise<void> {
  const { redis, keys, accountId, config } = source;
  const key = keys.tokenRefused(accountId);
  const count = await redis.hincrby(key, 'count', 1);
  const waitMs = count === 1 ? config.rateLimitWaitMs : looksBetween * config.creditsRecheckMs;
  await redis.hset(key, 'until', (await redisNow(source)) + Math.min(quotaMs, Math.max(waitMs, retryAfterMs)));
  await redis.pexpire(key, quotaMs);
}

async function redisNow({ redis }: TokenSource): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

const quotaUsedUp = (cause?: unknown): TokenDeadError =>
  new TokenDeadError('no anonymous token is granted (weekly quota): set NEMO_TOKEN', { cause });
