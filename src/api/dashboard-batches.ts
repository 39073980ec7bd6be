/**
 * Rows of the table of batches. Unfiltered and by time it is a page of an index, however many there are; filtered,
 * searched or sorted otherwise it looks through the newest ones, and says when that was not all.
 */
import type { Context } from '../shared/context.ts';
import { readBatches, statusOf, type StoredBatch } from '../shared/read-batch.ts';
import type { BatchStatus } from '../shared/domain/batch.ts';
import type { ApiContext } from './api-context.ts';
import { findByCustomId, type Found } from './dashboard-find.ts';
import { createRecent } from './dashboard-recent.ts';
import type { BatchRow, BatchRows, BatchSort } from './dashboard-wire.ts';
import { toBatch } from './show-batch.ts';

/** Beyond it a search would hold up everybody: 20,000 batches take about a second. */
const mostLookedAt = 20_000;
const chunkSize = 500;
/** Pages of one search come from one look. */
const keptMs = 4000;

export interface BatchQuery {
  /** Null: all. */
  readonly tenant: string | null;
  readonly status: BatchStatus | null;
  readonly text: string;
  readonly sort: BatchSort;
  readonly offset: number;
  readonly limit: number;
}

interface Selection {
  readonly ids: readonly string[];
  readonly partial: boolean;
  readonly matched: BatchRows['matched'];
}

export type ListRows = (query: BatchQuery) => Promise<BatchRows>;

export function createBatchRows(ctx: ApiContext): ListRows {
  const recent = createRecent<Selection>(keptMs);
  return async (query) => {
    const { offset, limit, sort, text, status } = query;
    if (text === '' && status === null && (sort === 'newest' || sort === 'oldest')) return byTime(ctx, query);
    const name = JSON.stringify([query.tenant, status, text, sort]);
    const { ids, partial, matched } = await recent(name, () => select(ctx, query));
    const rows = await readRows(ctx, ids.slice(offset, offset + limit));
    return { rows, offset, total: ids.length, partial, matched };
  };
}

const indexOf = ({ keys }: Context, tenant: string | null): string =>
  tenant === null ? keys.allBatches() : keys.tenantBatches(tenant);

async function byTime(ctx: ApiContext, { tenant, sort, offset, limit }: BatchQuery): Promise<BatchRows> {
  const key = indexOf(ctx, tenant);
  const last = String(offset + limit - 1);
  const [total, ids] = await Promise.all([
    ctx.redis.zcard(key),
    sort === 'newest' ? ctx.redis.zrevrange(key, String(offset), last) : ctx.redis.zrange(key, String(offset), last),
  ]);
  return { rows: await readRows(ctx, ids), offset, total, partial: false, matched: {} };
}

export async function readRows(ctx: ApiContext, ids: readonly string[]): Promise<BatchRow[]> {
  return ids.length === 0 ? [] : (await readBatches(ctx, ids)).map((batch) => toRow(ctx, batch));
}

export const toRow = (ctx: ApiContext, batch: StoredBatch): BatchRow => ({
  ...toBatch(ctx, batch),
  tenant: batch.tenant,
});

async function select(ctx: ApiContext, query: BatchQuery): Promise<Selection> {
  const key = indexOf(ctx, query.tenant);
  const found = query.text === '' ? [] : await findByCustomId(ctx, query.tenant, query.text);
  const byFile = new Map(found.map((file) => [file.batchId, file]));
  const chosen: StoredBatch[] = [];
  let looked = 0;
  for (let some = chunkSize; some === chunkSize && looked < mostLookedAt;) {
    const ids = await ctx.redis.zrevrange(key, String(looked), String(looked + chunkSize - 1));
    const batches = await readBatches(ctx, ids);
    chosen.push(...batches.filter((batch) => fits(batch, query, byFile)));
    some = ids.length;
    looked += some;
  }
  const total = await ctx.redis.zcard(key);
  return {
    ids: sorted(chosen, query.sort).map(({ id }) => id),
    partial: looked < total,
    matched: Object.fromEntries(
      [...byFile].map(([id, { fileId, customId }]: [string, Found]) => [id, { fileId, customId }]),
    ),
  };
}

function fits(batch: StoredBatch, { status, text }: BatchQuery, byFile: ReadonlyMap<string, Found>): boolean {
  if (status !== null && statusOf(batch) !== status) return false;
  if (text === '' || byFile.has(batch.id)) return true;
  const { name, metadata } = batch.spec;
  const wanted = text.toLowerCase();
  if (batch.id.includes(wanted) || name?.toLowerCase().includes(wanted) === true) return true;
  // A file's id names its batch.
  if (wanted.startsWith(`fil_${batch.id.slice('bat_'.length)}`)) return true;
  return JSON.stringify(metadata).toLowerCase().includes(wanted);
}

function sorted(batches: StoredBatch[], sort: BatchSort): StoredBatch[] {
  const measure = measures[sort];
  return measure === null ? batches : batches.toSorted((one, other) => measure(other) - measure(one));
}

const remaining = ({ progress: { counts } }: StoredBatch): number =>
  counts.total - counts.completed - counts.failed - counts.canceled;

/** Null: as they were found, newest first. */
const measures: Readonly<Record<BatchSort, ((batch: StoredBatch) => number) | null>> = {
  newest: null,
  oldest: (batch) => -batch.createdAt,
  failed: ({ progress }) => progress.counts.failed,
  remaining,
  total: ({ progress }) => progress.counts.total,
};
