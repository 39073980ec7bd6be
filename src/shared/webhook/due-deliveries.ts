/** The sweeper's question: which deliveries are due, and should be in the queue? Enqueueing one twice is harmless. */
import type { Context } from '../context.ts';

/** A sweep takes the longest overdue; the next one takes what is left. */
const mostAtOnce = 1000;

export interface DueDelivery {
  readonly id: string;
  readonly run: number;
}

/** Those that have been due for `olderThanMs`, by Redis' clock: younger ones are on their way. */
export async function dueDeliveries(ctx: Context, olderThanMs: number): Promise<DueDelivery[]> {
  const [seconds, micros] = await ctx.redis.time();
  const until = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - olderThanMs;
  const ids = await ctx.redis.zrangebyscore(ctx.keys.deliveriesDue(), '-inf', until, 'LIMIT', 0, mostAtOnce);
  const runs = await Promise.all(ids.map((id) => ctx.redis.hget(ctx.keys.delivery(id), 'run')));
  return ids.flatMap((id, at) => {
    const run = runs[at] ?? null;
    return run === null ? [] : [{ id, run: Number(run) }];
  });
}
