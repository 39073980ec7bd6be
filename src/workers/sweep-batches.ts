/**
 * The sweeper's part for whole batches: those whose time is over, and bulk actions that a dead process left. Each is
 * judged once more by the script that acts on it, so any number of processes may sweep.
 */
import { workOffMarks, markBatch } from '../shared/bulk.ts';
import type { Context } from '../shared/context.ts';
import { dropBatch } from '../shared/drop-batch.ts';
import { redisClock } from '../shared/redis/redis-clock.ts';

/** Batches dropped in one sweep: each takes a script a 500 files. */
const mostDropped = 10;
const mostExpired = 1000;

/** Batches whose intake died (no 202 was given), and batches whose retention is over. */
export async function sweepDropped(ctx: Context): Promise<number> {
  const now = await redisClock(ctx.redis);
  const [abandoned, outlived] = await Promise.all([
    ctx.redis.zrangebyscore(ctx.keys.loading(), '-inf', now, 'LIMIT', 0, mostDropped),
    ctx.redis.zrangebyscore(ctx.keys.retention(), '-inf', now, 'LIMIT', 0, mostDropped),
  ]);
  let dropped = 0;
  for (const batchId of [...abandoned, ...outlived]) {
    // A retry was faster, or another sweeper.
    if (!(await dropBatch(ctx, batchId, { whenDue: true }))) continue;
    ctx.log.info({ batch_id: batchId, abandoned: abandoned.includes(batchId) }, 'batch dropped');
    dropped += 1;
  }
  return dropped;
}

/** Rounds that have not ended within their retention: what is left of them ends as `expired`. */
export async function sweepExpired(ctx: Context): Promise<number> {
  const now = await redisClock(ctx.redis);
  const due = await ctx.redis.zrangebyscore(ctx.keys.openRounds(), '-inf', now, 'LIMIT', 0, mostExpired);
  let expired = 0;
  for (const batchId of due) {
    const marked = await markBatch(ctx, batchId, 'expire');
    if (marked.kind !== 'ok' || !marked.hasWork) continue;
    ctx.log.warn({ batch_id: batchId }, 'batch has outlived its retention: what is not finished expires');
    await workOffMarks(ctx, batchId);
    expired += 1;
  }
  return expired;
}

/** Bulk actions whose process died before it had worked them off. */
export async function sweepMarks(ctx: Context): Promise<void> {
  for (const mark of await ctx.redis.smembers(ctx.keys.marks())) {
    const batchId = mark.split(' ').at(1);
    if (batchId !== undefined) await workOffMarks(ctx, batchId);
  }
}
