/**
 * A job of the notify queue. A run that comes before it is due by Redis' clock (a worker's own is ahead) is put back:
 * else a receiver that is away for a minute would have had every attempt of its day at once.
 */
import type { NotifyJob } from '../shared/queues.ts';
import { redisClock } from '../shared/redis/redis-clock.ts';
import { loadDelivery } from '../shared/webhook/delivery.ts';
import { enqueueDelivery } from '../shared/webhook/enqueue-delivery.ts';
import { askLater, earlyToleranceMs } from './ask-later.ts';
import { runNotify, type NotifyEnd } from './notify.ts';
import type { StepHost } from './run-step.ts';

export async function runNotifyJob(host: StepHost, job: NotifyJob, signal: AbortSignal): Promise<NotifyEnd> {
  const { ctx } = host;
  const [delivery, now] = await Promise.all([loadDelivery(ctx, job.delivery_id), redisClock(ctx.redis)]);
  if (delivery === null) return 'passed';
  const early = (delivery.due ?? 0) - now;
  if (early <= earlyToleranceMs) return runNotify(ctx, job, signal, delivery);
  ctx.log.info({ delivery_id: job.delivery_id, run: job.run, early_ms: early }, 'run came early');
  askLater(host, early, () => enqueueDelivery(ctx, { id: job.delivery_id, run: job.run, delayMs: 0 }));
  return 'passed';
}
