/**
 * Sums up the batches that have not ended: files by status, who waits since when, what is blocked or paused. It reads
 * counters, O(1) a batch, of at most so many batches.
 */
import { z } from 'zod';
import type { Context } from '../shared/context.ts';
import { fileStatuses, type FileStatus } from '../shared/domain/file-state.ts';
import { blockedSchema } from '../shared/load-file.ts';
import type { TenantWaiting } from './dashboard-wire.ts';

const mostBatches = 5000;
const chunkSize = 500;

export interface OpenBatch {
  readonly id: string;
  readonly tenant: string;
  readonly createdAt: number;
  readonly paused: boolean;
  readonly blocked: string | null;
  readonly estimated: number;
  readonly paidSessions: number;
  readonly counts: Readonly<Record<FileStatus, number>>;
}

const fields = [
  'tenant',
  'created_at',
  'paused',
  'blocked',
  'estimated',
  'paid_sessions',
  ...fileStatuses.map((status) => `n:${status}`),
];
const rowSchema = z.array(z.string().nullable());

export async function readOpenBatches(ctx: Context): Promise<OpenBatch[]> {
  const ids = await ctx.redis.zrange(ctx.keys.openRounds(), '0', String(mostBatches - 1));
  const batches: OpenBatch[] = [];
  for (let first = 0; first < ids.length; first += chunkSize) {
    const chunk = ids.slice(first, first + chunkSize);
    const pipeline = ctx.redis.pipeline();
    for (const id of chunk) pipeline.hmget(ctx.keys.batch(id), ...fields);
    for (const [at, [error, values]] of ((await pipeline.exec()) ?? []).entries()) {
      if (error !== null) throw error;
      const batch = toOpenBatch(chunk[at] ?? '', rowSchema.parse(values));
      if (batch !== null) batches.push(batch);
    }
  }
  return batches;
}

function toOpenBatch(id: string, values: readonly (string | null)[]): OpenBatch | null {
  const [tenant, createdAt, paused, blocked, estimated, paid, ...counts] = values;
  if (tenant == null) return null;
  return {
    id,
    tenant,
    createdAt: Number(createdAt),
    paused: paused === '1',
    blocked: blocked == null ? null : blockedSchema.parse(JSON.parse(blocked)).reason,
    estimated: Number(estimated ?? 0),
    paidSessions: Number(paid ?? 0),
    counts: Object.fromEntries(fileStatuses.map((status, at) => [status, Number(counts[at] ?? 0)])) as Record<
      FileStatus,
      number
    >,
  };
}

export function sumCounts(batches: readonly OpenBatch[]): Record<FileStatus, number> {
  return Object.fromEntries(
    fileStatuses.map((status) => [status, batches.reduce((sum, { counts }) => sum + counts[status], 0)]),
  ) as Record<FileStatus, number>;
}

/** Longest waiting first. A batch waits since it was taken in. */
export function waitingByTenant(batches: readonly OpenBatch[]): TenantWaiting[] {
  const byTenant = new Map<string, TenantWaiting>();
  for (const { tenant, counts, createdAt } of batches) {
    if (counts.queued === 0) continue;
    const before = byTenant.get(tenant) ?? { tenant, files: 0, batches: 0, oldest: createdAt };
    byTenant.set(tenant, {
      tenant,
      files: before.files + counts.queued,
      batches: before.batches + 1,
      oldest: Math.min(before.oldest, createdAt),
    });
  }
  return [...byTenant.values()].toSorted((one, other) => one.oldest - other.oldest);
}
