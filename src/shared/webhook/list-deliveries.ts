/** A page of deliveries, newest first. The cursor is the id of the last one that was looked at. */
import type { Context } from '../context.ts';
import {
  loadDelivery,
  toDeliveryResource,
  type Delivery,
  type DeliveryResource,
  type DeliveryStatus,
} from './delivery.ts';

/**
 * A filter may match next to nothing: after this many records the page ends as it is, with a cursor, so that no request
 * reads a tenant's whole history.
 */
const mostLookedAt = 5000;
const chunk = 250;

export interface DeliveryQuery {
  /** Null: of all tenants (admin). */
  readonly tenant: string | null;
  readonly status?: DeliveryStatus | undefined;
  readonly batchId?: string | undefined;
  readonly limit: number;
  readonly cursor: string | null;
}

export type DeliveryPage =
  | { readonly kind: 'page'; readonly data: readonly DeliveryResource[]; readonly nextCursor: string | null }
  | { readonly kind: 'unknown_cursor' };

export async function listDeliveries(ctx: Context, query: DeliveryQuery): Promise<DeliveryPage> {
  const index = indexOf(ctx, query);
  // Ranks from the oldest end: what is added while a caller pages does not move them.
  const start = query.cursor === null ? await ctx.redis.zcard(index) : await ctx.redis.zrank(index, query.cursor);
  if (start === null) return { kind: 'unknown_cursor' };
  const found: Delivery[] = [];
  let rank = start;
  let last: string | null = null;
  while (rank > 0 && found.length < query.limit && start - rank < mostLookedAt) {
    const from = Math.max(0, rank - chunk);
    const ids = (await ctx.redis.zrange(index, String(from), String(rank - 1))).toReversed();
    const deliveries = await Promise.all(ids.map((id) => loadDelivery(ctx, id)));
    for (const [at, id] of ids.entries()) {
      if (found.length === query.limit) break;
      const delivery = deliveries[at] ?? null;
      if (delivery !== null && matches(delivery, query)) found.push(delivery);
      [last, rank] = [id, rank - 1];
    }
    if (ids.length === 0) break; // dropped while we read
  }
  const data = await Promise.all(found.map((delivery) => toDeliveryResource(ctx, delivery)));
  return { kind: 'page', data, nextCursor: rank > 0 ? last : null };
}

function indexOf({ keys }: Context, { tenant, batchId }: DeliveryQuery): string {
  if (batchId !== undefined) return keys.batchDeliveries(batchId);
  return tenant === null ? keys.allDeliveries() : keys.tenantDeliveries(tenant);
}

function matches(delivery: Delivery, { tenant, status }: DeliveryQuery): boolean {
  return (tenant === null || delivery.tenant === tenant) && (status === undefined || delivery.status === status);
}
