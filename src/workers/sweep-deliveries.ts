/** The sweeper's part for webhooks: deliveries that are due and not in their queue, or delayed there by a wrong clock. */
import type { Context } from '../shared/context.ts';
import { notifyJobId } from '../shared/queues.ts';
import { dueDeliveries, type DueDelivery } from '../shared/webhook/due-deliveries.ts';
import { enqueueDelivery } from '../shared/webhook/enqueue-delivery.ts';

export async function sweepDeliveries(ctx: Context): Promise<void> {
  for (const due of await dueDeliveries(ctx, ctx.config.sweepMs)) {
    const job = await ctx.queues.notify.getJob(notifyJobId(due));
    if (job === undefined) await enqueueDelivery(ctx, { ...due, delayMs: 0 });
    // Due by Redis' clock, delayed by the wall clock of a process that has jumped.
    else if (isLate(ctx, due) && (await job.isDelayed())) await job.promote().catch(() => undefined); // taken meanwhile
  }
}

/** The first run is delayed on purpose, beyond the time of its event that the record calls due. */
const isLate = (ctx: Context, { run }: DueDelivery): boolean => run > 0 || (ctx.config.webhookRetryMs[0] ?? 0) === 0;
