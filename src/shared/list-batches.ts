/**
 * Pages through batches, newest first. The status of a batch is derived, so a filter by status reads batches and
 * passes over the others; how many it passes over in one call is bounded, and a page may then be short.
 */
import type { Context } from './context.ts';
import type { BatchStatus } from './domain/batch.ts';
import { readBatches, statusOf, type StoredBatch } from './read-batch.ts';

/** Where a page begins: after this batch. Batches of the same ms are ordered by id. */
export interface BatchPlace {
  readonly createdAt: number;
  readonly id: string;
}

export interface BatchQuery {
  /** Null: all tenants' (admin). */
  readonly tenant: string | null;
  readonly status: BatchStatus | null;
  readonly limit: number;
  readonly after: BatchPlace | null;
}

const chunkSize = 200;
const mostRead = 5000;

export async function listBatches(
  ctx: Context,
  query: BatchQuery,
): Promise<{ batches: StoredBatch[]; next: BatchPlace | null }> {
  const batches: StoredBatch[] = [];
  let after = query.after;
  for (let read = 0; read < mostRead;) {
    const places = await nextPlaces(ctx, query.tenant, after, query.status === null ? query.limit + 1 : chunkSize);
    if (places.length === 0) return { batches, next: null };
    const found = await readBatches(
      ctx,
      places.map((place) => place.id),
    );
    const byId = new Map(found.map((batch) => [batch.id, batch]));
    for (const place of places) {
      const batch = byId.get(place.id);
      const fits = batch !== undefined && (query.status === null || statusOf(batch) === query.status);
      if (fits && batches.length === query.limit) return { batches, next: after };
      if (fits) batches.push(batch);
      after = place;
    }
    read += places.length;
  }
  return { batches, next: after };
}

async function nextPlaces(
  ctx: Context,
  tenant: string | null,
  after: BatchPlace | null,
  count: number,
): Promise<BatchPlace[]> {
  const key = tenant === null ? ctx.keys.allBatches() : ctx.keys.tenantBatches(tenant);
  const top = after === null ? '+inf' : String(after.createdAt);
  // As many more as share the ms of the place before, which are read again and passed over.
  const ties = after === null ? 0 : await ctx.redis.zcount(key, top, top);
  const flat = await ctx.redis.zrange(key, top, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count + ties, 'WITHSCORES');
  const places = flat.flatMap((id, at) => (at % 2 === 0 ? [{ id, createdAt: Number(flat[at + 1]) }] : []));
  return places.filter((place) => after === null || place.createdAt < after.createdAt || place.id < after.id);
}
