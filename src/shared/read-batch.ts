/** Reads batches, one or a page of them, in O(1) a batch: what moves is counted, never summed up from its files. */
import { z } from 'zod';
import type { Context } from './context.ts';
import {
  batchSpecSchema,
  batchStatus,
  type BatchProgress,
  type BatchSpec,
  type BatchStatus,
  type Counts,
} from './domain/batch.ts';
import { fileStatuses } from './domain/file-state.ts';
import { isBatchId } from './ids.ts';
import { blockedSchema } from './load-file.ts';

/** A batch as it is stored, accepted ones only: one that is still being taken in does not exist for anybody. */
export interface StoredBatch {
  readonly id: string;
  readonly tenant: string;
  readonly spec: BatchSpec;
  readonly progress: BatchProgress;
  /** Ms of Redis' clock. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly estimatedCredits: number;
  readonly paidSessions: number;
  /** From the account's balance; null: not measured. */
  readonly measuredCredits: number | null;
  readonly maxCredits: number | null;
  /** Files that left the waiting list so far. */
  readonly popped: number;
}

const counters = ['total', ...fileStatuses.map((status) => `n:${status}` as const)] as const;
const fields = [
  'accepted',
  'tenant',
  'spec',
  'round',
  'canceled_round',
  'closed',
  'paused',
  'blocked',
  'created_at',
  'started_at',
  'finished_at',
  'estimated',
  'paid_sessions',
  'spent',
  'max_credits',
  'popped',
  ...counters,
] as const;
type Field = (typeof fields)[number];
type Row = Readonly<Record<Field, string | null>>;

/** `loading`: also one that is not accepted yet (intake's own view). */
export async function readBatch(
  ctx: Context,
  id: string,
  { loading = false }: { loading?: boolean } = {},
): Promise<StoredBatch | null> {
  if (!isBatchId(id)) return null;
  return toStoredBatch(id, await ctx.redis.hmget(ctx.keys.batch(id), ...fields), loading);
}

/** In one round trip; those that are gone are left out. */
export async function readBatches(ctx: Context, ids: readonly string[]): Promise<StoredBatch[]> {
  const pipeline = ctx.redis.pipeline();
  for (const id of ids) pipeline.hmget(ctx.keys.batch(id), ...fields);
  const replies = (await pipeline.exec()) ?? [];
  return replies.flatMap(([error, values], at) => {
    if (error !== null) throw error;
    const batch = toStoredBatch(ids[at] ?? '', valuesSchema.parse(values), false);
    return batch === null ? [] : [batch];
  });
}

const valuesSchema = z.array(z.string().nullable());

function toStoredBatch(id: string, values: readonly (string | null)[], loading: boolean): StoredBatch | null {
  const row = Object.fromEntries(fields.map((field, at) => [field, values[at] ?? null])) as Row;
  if ((row.accepted !== '1' && !loading) || row.tenant === null || row.spec === null) return null;
  return {
    id,
    tenant: row.tenant,
    spec: batchSpecSchema.parse(JSON.parse(row.spec)),
    progress: {
      round: Number(row.round),
      closed: row.closed === '1',
      paused: row.paused === '1',
      canceledRound: Number(row.canceled_round),
      blocked: blockedOf(row.blocked),
      counts: Object.fromEntries(counters.map((name) => [name.replace('n:', ''), Number(row[name] ?? 0)])) as Counts,
    },
    createdAt: Number(row.created_at),
    startedAt: numberOf(row.started_at),
    finishedAt: numberOf(row.finished_at),
    estimatedCredits: Number(row.estimated ?? 0),
    paidSessions: Number(row.paid_sessions ?? 0),
    measuredCredits: numberOf(row.spent),
    maxCredits: numberOf(row.max_credits),
    popped: Number(row.popped ?? 0),
  };
}

const numberOf = (text: string | null): number | null => (text === null || text === '' ? null : Number(text));

function blockedOf(text: string | null): BatchProgress['blocked'] {
  if (text === null) return null;
  const { reason, help_url } = blockedSchema.parse(JSON.parse(text));
  return { reason, helpUrl: help_url };
}

export const statusOf = (batch: StoredBatch): BatchStatus => batchStatus(batch.progress);
