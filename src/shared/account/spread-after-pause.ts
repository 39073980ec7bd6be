/**
 * How the files come back after a pause of the account (design §5 "Window"): one goes first and finds out whether the
 * upstream takes calls again, the rest follow spread over a third of RATE_LIMIT_WAIT_MS. As a share of that third.
 */
import type { Context } from '../context.ts';

/** What the one that goes first has to itself. */
export const leadShare = 0.2;

const afterLead = (ctx: Context): number => leadShare + (1 - leadShare) * ctx.random();

/** 0 for the one file that goes first, also when the pause is made longer meanwhile. */
export async function spreadAfterPause(ctx: Context, fileId: string, until: number): Promise<number> {
  const { redis, keys, accountId, policy } = ctx;
  const key = keys.pauseLead(accountId);
  const lastsMs = Math.max(1, until - ctx.account.gate.redisNow()) + Math.ceil(policy.rateLimitWaitMs / 3);
  if ((await redis.set(key, fileId, 'PX', lastsMs, 'NX')) === 'OK') return 0;
  if ((await redis.get(key)) !== fileId) return afterLead(ctx);
  await redis.pexpire(key, lastsMs);
  return 0;
}

/** For a file that is admitted in that time: when it may go, in ms of Redis' clock; null: at once. */
export function admittedAfterPause(ctx: Context, until: number, now: number): number | null {
  const thirdMs = ctx.policy.rateLimitWaitMs / 3;
  if (until === 0 || now >= until + thirdMs) return null;
  const due = Math.round(until + afterLead(ctx) * thirdMs);
  return due > now ? due : null;
}
