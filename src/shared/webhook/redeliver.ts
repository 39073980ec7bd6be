/** Sends a delivery again because a caller asked for it: same id, same body, a schedule from its start. */
import type { Context } from '../context.ts';
import type { DeliveryResource } from './delivery.ts';
import { enqueueDelivery } from './enqueue-delivery.ts';
import { readDelivery } from './read-delivery.ts';

/** `tenant` null: of any (admin). Null: there is none that this tenant may see. */
export async function redeliver(ctx: Context, id: string, tenant: string | null): Promise<DeliveryResource | null> {
  if ((await readDelivery(ctx, id, tenant)) === null) return null;
  const run = await ctx.scripts['delivery-redeliver'](id);
  if (typeof run !== 'number') return null; // dropped meanwhile
  ctx.reach('redeliver: saved, not enqueued');
  await enqueueDelivery(ctx, { id, run, delayMs: 0 });
  return readDelivery(ctx, id, tenant);
}
