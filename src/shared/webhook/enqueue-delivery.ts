/** Puts a run of a delivery into its queue, after its record was saved. */
import type { Context } from '../context.ts';
import { enqueueNotify } from '../queues.ts';

/** A failure to enqueue loses nothing: the sweeper finds the delivery by its due time. */
export async function enqueueDelivery(ctx: Context, next: { id: string; run: number; delayMs: number }): Promise<void> {
  try {
    await enqueueNotify(ctx.queues, next);
  } catch (error) {
    ctx.log.warn({ err: error, delivery_id: next.id }, 'not enqueued; the sweeper will');
  }
}
