/**
 * Renewal: one request for the whole fleet, everybody else waits for its result, its failure too. The upstream grants
 * one anonymous token a week, so a refusal, and a fresh token that has not worked yet, rest for CREDITS_RECHECK_MS
 * before anybody asks again (upstream, "429 on anonymous-token"): nothing here may ever become a loop.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { v4 } from 'uuid';
import { z } from 'zod';
import { anonymousToken } from '../upstream/anonymous-token.ts';
import type { AnonymousToken, FaultCode, UpstreamFault } from '../upstream/types.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import {
  configuredToken,
  deleteOwn,
  isBound,
  readStored,
  storeToken,
  type Token,
  type TokenSource,
} from './account-token.ts';
import { TokenDeadError } from './token-dead-error.ts';

/** Longer than a renewal can take (two calls at most, each timing out after 30 s): lost only with its holder. */
const lockMs = 70_000;
const lookAgainMs = 200;
/** Whoever waited for a renewal hears of its failure for so long. */
const failureMs = 10_000;

/** The upstream could not be asked; anything else it says is its verdict. */
const outages: readonly FaultCode[] = ['server_error', 'connect_failed', 'connection_lost', 'timed_out', 'aborted'];

/** The present token; fetched where there is none, renewed where it is known to have expired (never earlier: quota). */
export async function readToken(source: TokenSource, now: number, signal?: AbortSignal): Promise<Token> {
  const configured = configuredToken(source);
  if (configured !== null && isBound(source)) return configured;
  const stored = await readStored(source);
  if (stored === null) return configured ?? renewToken(source, 0, now, signal);
  const isLive = stored.expiresAt === null || stored.expiresAt > now;
  return isLive ? stored : renewToken(source, stored.version, now, signal);
}

/** Renews the token of `version`, unless somebody has done so already. */
export async function renewToken(
  source: TokenSource,
  version: number,
  now: number,
  signal?: AbortSignal,
): Promise<Token> {
  if (isBound(source))
    throw new TokenDeadError('the upstream does not accept NEMO_TOKEN (NEMO_TOKEN_FALLBACK is fail)');
  const { redis, keys, accountId } = source;
  const lock = randomUUID();
  const earlier = await redis.get(keys.tokenFailure(accountId));
  for (;;) {
    signal?.throwIfAborted();
    const stored = await readStored(source);
    if (stored !== null && stored.version > version) return stored;
    const [rest, failure] = await redis.mget(keys.tokenRest(accountId), keys.tokenFailure(accountId));
    if (failure != null && failure !== earlier) throw toError(failure);
    if (rest === 'refused' || rest === fresh(version)) throw refused();
    if ((await redis.set(keys.tokenLock(accountId), lock, 'PX', lockMs, 'NX')) === 'OK') break;
    await delay(lookAgainMs, undefined, { signal });
  }
  return fetchToken(source, version, now, lock);
}

const fresh = (version: number): string => `fresh ${version}`;
const refused = (cause?: unknown): TokenDeadError =>
  new TokenDeadError('the upstream grants no anonymous token now (one a week to each client)', cause);

/** A call went through with this token: should it die, a new one may be asked for at once. */
export async function noteTokenWorked(source: TokenSource, { version }: Token): Promise<void> {
  await deleteOwn(source, source.keys.tokenRest(source.accountId), fresh(version));
}

async function fetchToken(source: TokenSource, version: number, now: number, lock: string): Promise<Token> {
  const { keys, accountId } = source;
  try {
    // Between the look and the lock somebody may have finished.
    const stored = await readStored(source);
    if (stored !== null && stored.version > version) return stored;
    if ((await source.redis.get(keys.tokenRest(accountId))) === 'refused') throw refused();
    source.reach('token: lock taken, not asked');
    const asked = await ask(source).catch((error: unknown) => refuse(source, lock, error));
    // A token that would have expired before it came (clocks differ) is believed to live until it is refused.
    const expiresAt = asked.expiresAtMs !== null && asked.expiresAtMs > now ? asked.expiresAtMs : null;
    const { token: value, userId } = asked;
    source.reach('token: granted, not saved');
    await storeToken(source, lock, { value, userId, kind: 'anonymous', expiresAt });
    source.reach('token: saved, lock held');
    const committed = await readStored(source);
    if (committed === null) throw new Error('a renewed token was not stored');
    await rest(source, fresh(committed.version));
    return committed;
  } finally {
    await deleteOwn(source, keys.tokenLock(accountId), lock);
  }
}

const rest = ({ redis, keys, accountId, config }: TokenSource, why: string): Promise<unknown> =>
  redis.set(keys.tokenRest(accountId), why, 'PX', config.creditsRecheckMs);

/** A refused client id of our own is replaced, once for good (seed: "generate one and retry"); an operator's never. */
async function ask(source: TokenSource): Promise<AnonymousToken> {
  const { redis, keys, accountId, upstream, config } = source;
  const replaced = await redis.get(keys.tokenClientId(accountId));
  try {
    return await anonymousToken(upstream, { clientId: replaced ?? source.clientId });
  } catch (error) {
    const isReplaceable = replaced === null && config.nemoClientId === null;
    if (!isReplaceable || !(error instanceof UpstreamError) || error.fault.code !== 'client_id_missing') throw error;
    const clientId = v4();
    await redis.set(keys.tokenClientId(accountId), clientId);
    return anonymousToken(upstream, { clientId });
  }
}

/** Tells those who wait how it ended: a verdict rests, an outage is everybody's own to repeat. */
async function refuse(source: TokenSource, lock: string, error: unknown): Promise<never> {
  if (!(error instanceof UpstreamError)) throw error;
  const { redis, keys, accountId } = source;
  if (!outages.includes(error.fault.code)) {
    await rest(source, 'refused');
    throw refused(error);
  }
  await redis.set(keys.tokenFailure(accountId), JSON.stringify({ lock, fault: error.fault }), 'PX', failureMs);
  throw error;
}

const failureSchema = z.object({
  fault: z.object({
    code: z.enum(['server_error', 'connect_failed', 'connection_lost', 'timed_out', 'aborted']),
    upstreamCode: z.number().nullable(),
    httpStatus: z.number().nullable(),
    retryAfterMs: z.number().nullable(),
    detail: z.string(),
  }),
});

const toError = (failure: string): UpstreamError => {
  const fault: UpstreamFault = failureSchema.parse(JSON.parse(failure)).fault;
  return new UpstreamError('anonymous-token', fault);
};
