/**
 * Asks for what should be in flight for one file, after a crash between save and enqueue, a lost job, or a clock that
 * jumped. Idempotent: a run that is in its queue already is left alone.
 */
import type { Context } from '../shared/context.ts';
import { isWork } from '../shared/domain/moves.ts';
import { nextStep } from '../shared/domain/next-step.ts';
import { waitMs } from '../shared/domain/policy.ts';
import { advance } from '../shared/advance.ts';
import { loadFile } from '../shared/load-file.ts';
import { enqueueNext } from '../shared/queues.ts';
import { admit } from './dispatch.ts';

/** True when something was missing. Throws NewerRecordError. */
export async function askAgain(ctx: Context, fileId: string): Promise<boolean> {
  const loaded = await loadFile(ctx, fileId);
  if (loaded === 'missing' || loaded === 'passed') {
    await forget(ctx, fileId);
    return false;
  }
  const { file, now } = loaded;
  const { state } = file;
  if (state.status === 'queued' || (isWork(state) && state.place === 'waiting')) {
    // Claimed, and its dispatcher died. One that is not listed (any more) gave its slot back: it waits like others.
    if ((await ctx.redis.zscore(ctx.keys.moving(), fileId)) === null) return false;
    await admit(ctx, fileId, loaded);
    return true;
  }
  const next = nextStep(file, now);
  if (next === null) {
    await advance(ctx, fileId, null, { repair: true });
    return true;
  }
  const { lease } = loaded;
  const job =
    (lease === null ? undefined : await ctx.queues[lease.queue].getJob(lease.id)) ??
    (await ctx.queues[next.step].getJob(next.id));
  if (job === undefined) {
    ctx.reach('sweep: found, not enqueued');
    await enqueueNext(ctx.queues, file, now, Math.min(1000, ctx.policy.rateLimitWaitMs));
    ctx.reach('sweep: enqueued');
    return true;
  }
  // Due by Redis' clock, delayed by somebody's wall clock that has jumped.
  const isDue = isWork(state) && waitMs(state.due, now, ctx.policy) === 0;
  if (!isDue || !(await job.isDelayed())) return false;
  await job.promote().catch(() => undefined); // taken meanwhile
  return true;
}

/** The record is gone (its batch was dropped): nothing may keep a slot for it. */
export async function forget(ctx: Context, fileId: string): Promise<void> {
  await Promise.all([
    ctx.redis.zrem(ctx.keys.moving(), fileId),
    ctx.redis.srem(ctx.keys.inFlight(ctx.accountId), fileId),
    ctx.redis.srem(ctx.keys.awaitingUpload(), fileId),
  ]);
}
