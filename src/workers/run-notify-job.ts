/**
 * A job of the notify queue. A run that comes before it is due by Redis' clock (a worker's own is ahead) is put back:
 * else a receiver that is away for a minute would have had every attempt of its day at once.
 */
import type { NotifyJob } from '../shared/queues.ts';
import { redisClock } from '../shared/redis/redis-clock.ts';
import { enqueueDelivery } from '../shared/webhook/enqueue-delivery.ts';
import { askLater } from './ask-later.ts';
import { runNotify } from './notify.ts';
import type { StepHost } from './run-step.ts';

/** As for steps: BullMQ's clock and Redis' are not the same. */
const earlyToleranceMs = 250;

export async function runNotifyJob(host: StepHost, job: NotifyJob, signal: AbortSignal): Promise<void> {
  const { ctx } = host;
  const key = ctx.keys.delivery(job.delivery_id);
  const [due, now] = await Promise.all([ctx.redis.hget(key, 'due'), redisClock(ctx.redis)]);
  const early = Number(due ?? 0) - now;
  if (early <= earlyToleranceMs) {
    await runNotify(ctx, job, signal);
    return;
  }
  ctx.log.info({ delivery_id: job.delivery_id, run: job.run, early_ms: early }, 'run came early');
  askLater(host, early, () => enqueueDelivery(ctx, { id: job.delivery_id, run: job.run, delayMs: 0 }));
}
