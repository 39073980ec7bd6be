/**
 * The sweeper: asks again for everything that should be in flight and is not. Every task is idempotent, so any number
 * of processes may sweep; on a good day it finds nothing.
 */
import type { Context } from '../shared/context.ts';
import { isWork } from '../shared/domain/moves.ts';
import { nextStep } from '../shared/domain/next-step.ts';
import { advance } from '../shared/advance.ts';
import { dropBatch } from '../shared/drop-batch.ts';
import { loadFile } from '../shared/load-file.ts';
import { enqueueNext } from '../shared/queues.ts';
import { admit } from './dispatch.ts';

const pageSize = 500;

/** Files whose next run is due and not in its queue: after a crash between save and enqueue, or a lost job. */
export async function sweepDueFiles(ctx: Context): Promise<number> {
  const now = ctx.account.gate.redisNow();
  let asked = 0;
  for (let offset = 0; ; offset += pageSize) {
    const due = await ctx.redis.zrangebyscore(ctx.keys.moving(), '-inf', now, 'LIMIT', offset, pageSize);
    for (const fileId of due) asked += (await askAgain(ctx, fileId)) ? 1 : 0;
    if (due.length < pageSize) return asked;
  }
}

async function askAgain(ctx: Context, fileId: string): Promise<boolean> {
  const loaded = await loadFile(ctx, fileId);
  if (loaded === 'missing' || loaded === 'passed') {
    await forget(ctx, fileId);
    return false;
  }
  const { file, now } = loaded;
  const { state } = file;
  if (state.status === 'queued' || (isWork(state) && state.place === 'waiting')) {
    await admit(ctx, fileId);
    return true;
  }
  const next = nextStep(file, now);
  if (next === null) {
    await advance(ctx, fileId, null, { repair: true });
    return true;
  }
  const job = await ctx.queues[next.step].getJob(next.id);
  if (job === undefined) {
    ctx.reach('sweep: found, not enqueued');
    await enqueueNext(ctx.queues, file, now, Math.min(1000, ctx.policy.rateLimitWaitMs));
    ctx.reach('sweep: enqueued');
    return true;
  }
  // Due by Redis' clock, delayed by somebody's wall clock that has jumped.
  if (next.delayMs === 0 && (await job.isDelayed())) await job.promote().catch(() => undefined); // taken meanwhile
  return false;
}

/** The record is gone (its batch was dropped): nothing may keep a slot for it. */
async function forget(ctx: Context, fileId: string): Promise<void> {
  await Promise.all([
    ctx.redis.zrem(ctx.keys.moving(), fileId),
    ctx.redis.srem(ctx.keys.inFlight(ctx.accountId), fileId),
    ctx.redis.srem(ctx.keys.awaitingUpload(), fileId),
  ]);
}

/** Members of the in-flight set that are not listed as due have lost their record's save: put right. */
export async function sweepInFlight(ctx: Context): Promise<number> {
  const members = await ctx.redis.smembers(ctx.keys.inFlight(ctx.accountId));
  let repaired = 0;
  for (const fileId of members) {
    if ((await ctx.redis.zscore(ctx.keys.moving(), fileId)) !== null) continue;
    const moved = await advance(ctx, fileId, null, { repair: true });
    if (moved.kind === 'missing') await forget(ctx, fileId);
    repaired += 1;
  }
  return repaired;
}

/** Batches whose intake died (no 202 was given), and batches whose retention is over. */
export async function sweepDropped(ctx: Context): Promise<number> {
  const now = ctx.account.gate.redisNow();
  const [abandoned, expired] = await Promise.all([
    ctx.redis.zrangebyscore(ctx.keys.loading(), '-inf', now, 'LIMIT', 0, 10),
    ctx.redis.zrangebyscore(ctx.keys.retention(), '-inf', now, 'LIMIT', 0, 10),
  ]);
  for (const batchId of [...abandoned, ...expired]) {
    ctx.log.info({ batch_id: batchId, abandoned: abandoned.includes(batchId) }, 'batch dropped');
    await dropBatch(ctx, batchId);
  }
  return abandoned.length + expired.length;
}
