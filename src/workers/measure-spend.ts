/**
 * What a batch has really cost, where that can be told: the account's balance before its first turn less the balance
 * after its last one, if no other batch had a file admitted in between. Anything else stays an estimate (design §7).
 * A batch's end never waits for this, and a read that fails is simply missing.
 */
import { z } from 'zod';
import { readCredits } from '../shared/account/read-credits.ts';
import type { Context } from '../shared/context.ts';
import { parseFileId } from '../shared/ids.ts';
import type { Run } from './run.ts';

const patienceMs = 5000;
/** Files of these statuses may still send a turn. */
const beforeLastTurn = ['queued', 'uploading', 'editing', 'checking', 'parked'] as const;
/** The balance before the first turn is not known, and no later one may pass for it. */
const unknown = '';

/** What must be the same at the end for the difference to be this batch's alone. */
interface Circumstances {
  /** Raised whenever a file of another batch is admitted. */
  readonly switches: number;
  /** A batch that ran out of credits was topped up, by nobody knows how much. */
  readonly episode: number;
  /** Another token may be another account's. */
  readonly token: number;
}

const beforeSchema = z.object({
  available: z.number(),
  switches: z.number(),
  episode: z.number(),
  token: z.number(),
});

/** Read once, before the first turn of the batch is sent: whoever sends it has stored it by then. */
export async function noteBalanceBefore(run: Run): Promise<void> {
  const { ctx } = run;
  const { batch } = run.loaded();
  if (batch.balanceBefore !== null || batch.paidSessions > 0) return;
  const { batchId } = run.file();
  // Read before the balance: what is admitted in between shows up as a switch, not as a cost.
  const circumstances = await circumstancesOf(ctx, batchId);
  const available = (await hasAccountToItself(ctx, batchId)) ? await balance(ctx) : null;
  const before = available === null ? unknown : JSON.stringify({ available, ...circumstances });
  ctx.reach('balance before: read, not saved');
  await ctx.redis.hsetnx(ctx.keys.batch(batchId), 'balance_before', before);
}

/** After a turn has settled or ended its file: was it the batch's last? */
export async function measureSpend(ctx: Context, batchId: string): Promise<void> {
  const key = ctx.keys.batch(batchId);
  const [stored, ...left] = await ctx.redis.hmget(key, 'balance_before', ...beforeLastTurn.map((name) => `n:${name}`));
  if (stored == null || stored === unknown || left.some((count) => count !== '0')) return;
  const { available, ...before } = beforeSchema.parse(JSON.parse(stored));
  const after = await balance(ctx);
  const now = await circumstancesOf(ctx, batchId);
  const isAlone = before.switches === now.switches && before.episode === now.episode && before.token === now.token;
  if (after === null || !isAlone || after > available) return;
  ctx.reach('balance after: read, not saved');
  await ctx.redis.hset(key, 'spent', available - after);
}

/** Turns of another batch that are under way, or will be sent without being admitted again, would be in the figure. */
async function hasAccountToItself(ctx: Context, batchId: string): Promise<boolean> {
  const inFlight = await ctx.redis.smembers(ctx.keys.inFlight(ctx.accountId));
  return inFlight.every((fileId) => parseFileId(fileId)?.batchId === batchId);
}

async function circumstancesOf(ctx: Context, batchId: string): Promise<Circumstances> {
  const { redis, keys, accountId } = ctx;
  const [switches, episode, token] = await Promise.all([
    redis.hget(keys.account(accountId), 'switches'),
    redis.hget(keys.batch(batchId), 'episode'),
    redis.hget(keys.token(accountId), 'version'),
  ]);
  return { switches: Number(switches ?? 0), episode: Number(episode ?? 0), token: Number(token ?? 0) };
}

async function balance(ctx: Context): Promise<number | null> {
  try {
    return (await readCredits(ctx, AbortSignal.timeout(patienceMs))).available;
  } catch (error) {
    ctx.log.debug({ err: error }, 'balance not read; the spend stays an estimate');
    return null;
  }
}
