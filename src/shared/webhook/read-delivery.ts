/** Reads one delivery for its tenant. */
import type { Context } from '../context.ts';
import { loadDelivery, toDeliveryResource, type DeliveryResource } from './delivery.ts';

/** `tenant` null: of any (admin). Null: there is none that this tenant may see. */
export async function readDelivery(ctx: Context, id: string, tenant: string | null): Promise<DeliveryResource | null> {
  const delivery = await loadDelivery(ctx, id);
  if (delivery === null || (tenant !== null && delivery.tenant !== tenant)) return null;
  return toDeliveryResource(ctx, delivery);
}
