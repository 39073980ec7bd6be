/**
 * What a batch has really cost, where that can be told: the account's balance before its first turn less the balance
 * after its last one, if no other batch had a file admitted in between. Anything else stays an estimate (design §7).
 * A batch's end never waits for this, and a read that fails is simply missing.
 */
import { readCredits } from '../shared/account/read-credits.ts';
import type { Context } from '../shared/context.ts';
import type { Run } from './run.ts';

const patienceMs = 5000;
/** Files of these statuses may still send a turn. */
const beforeLastTurn = ['queued', 'uploading', 'editing', 'checking', 'parked'] as const;

/** Read once, before the first turn of the batch is sent: whoever sends it has stored it by then. */
export async function noteBalanceBefore(run: Run): Promise<void> {
  const { ctx } = run;
  const { batch } = run.loaded();
  if (batch.balanceBefore !== null || batch.paidSessions > 0) return;
  const available = await balance(ctx);
  if (available === null) return;
  const key = ctx.keys.batch(run.file().batchId);
  const switches = await ctx.redis.hget(ctx.keys.account(ctx.accountId), 'switches');
  await ctx.redis.hsetnx(key, 'balance_before', JSON.stringify({ available, switches: Number(switches ?? 0) }));
}

/** After a turn has settled: was it the batch's last? */
export async function measureSpend(ctx: Context, batchId: string): Promise<void> {
  const key = ctx.keys.batch(batchId);
  const [before, ...left] = await ctx.redis.hmget(key, 'balance_before', ...beforeLastTurn.map((name) => `n:${name}`));
  if (before == null || left.some((count) => count !== '0')) return;
  const { available, switches } = JSON.parse(before) as { available: number; switches: number };
  const after = await balance(ctx);
  const nowSwitches = Number((await ctx.redis.hget(ctx.keys.account(ctx.accountId), 'switches')) ?? 0);
  // Somebody else's turns are in the difference, or a top-up: then it says nothing of this batch.
  if (after === null || nowSwitches !== switches || after > available) return;
  await ctx.redis.hset(key, 'spent', available - after);
}

async function balance(ctx: Context): Promise<number | null> {
  try {
    return (await readCredits(ctx, AbortSignal.timeout(patienceMs))).available;
  } catch (error) {
    ctx.log.debug({ err: error }, 'balance not read; the spend stays an estimate');
    return null;
  }
}
