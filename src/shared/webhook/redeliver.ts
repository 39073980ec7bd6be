/** Sends a delivery again because a caller asked for it: same id, same body, a schedule from its start. */
import type { Context } from '../context.ts';
import { enqueueNotify } from '../queues.ts';
import type { DeliveryResource } from './delivery.ts';
import { readDelivery } from './read-delivery.ts';

/** `tenant` null: of any (admin). Null: there is none that this tenant may see. */
export async function redeliver(ctx: Context, id: string, tenant: string | null): Promise<DeliveryResource | null> {
  if ((await readDelivery(ctx, id, tenant)) === null) return null;
  const run = await ctx.scripts['delivery-redeliver'](id);
  if (typeof run !== 'number') return null; // dropped meanwhile
  await enqueueOrLeave(ctx, { id, run, delayMs: 0 });
  return readDelivery(ctx, id, tenant);
}

/** A failure to enqueue loses nothing: the sweeper finds the delivery by its due time. */
export async function enqueueOrLeave(ctx: Context, next: { id: string; run: number; delayMs: number }): Promise<void> {
  try {
    await enqueueNotify(ctx.queues, next);
  } catch (error) {
    ctx.log.warn({ err: error, delivery_id: next.id }, 'not enqueued; the sweeper will');
  }
}
