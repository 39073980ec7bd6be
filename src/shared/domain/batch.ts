/**
 * A batch: what its caller said (`BatchSpec`, never changes) and what moves (`BatchProgress`). Its status is derived
 * from counters and marks, never stored beside them, so the two cannot disagree.
 */
import { z } from 'zod';
import { sourceSchema } from './file.ts';
import { fileStatuses, type FileStatus } from './file-state.ts';

export const webhookEvents = [
  'batch.completed',
  'batch.failed',
  'batch.canceled',
  'batch.blocked',
  'file.completed',
  'file.failed',
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

export const batchSpecSchema = z.object({
  name: z.string().nullable(),
  instructions: z.array(z.string()),
  language: z.string(),
  assets: z.array(sourceSchema),
  maxSessions: z.number().nullable(),
  order: z.enum(['as_given', 'longest_first']),
  metadata: z.record(z.string(), z.unknown()),
  webhook: z
    .object({ url: z.string(), secret: z.string().nullable(), events: z.array(z.enum(webhookEvents)) })
    .nullable(),
  requestId: z.string().nullable(),
  /** W3C trace context of the request that made the batch; absent in batches of older releases. */
  traceparent: z.string().nullish(),
});
export type BatchSpec = z.infer<typeof batchSpecSchema>;

export const batchStatuses = [
  'queued',
  'processing',
  'paused',
  'blocked',
  'canceling',
  'completed',
  'failed',
  'canceled',
] as const;
export type BatchStatus = (typeof batchStatuses)[number];

export type Counts = { readonly total: number } & Readonly<Record<FileStatus, number>>;

export interface BatchProgress {
  readonly round: number;
  /** The round has ended: webhook told, nothing moves until a retry or a message reopens it. */
  readonly closed: boolean;
  readonly paused: boolean;
  /** The round in which a cancel was asked for; 0: never. */
  readonly canceledRound: number;
  readonly blocked: { reason: 'out_of_credits' | 'token_invalid' | 'max_credits'; helpUrl: string | null } | null;
  readonly counts: Counts;
}

export const finalStatuses = ['completed', 'failed', 'canceled'] as const satisfies readonly FileStatus[];

export function isFinal(status: FileStatus): boolean {
  return (finalStatuses as readonly FileStatus[]).includes(status);
}

/** How a round that has ended is called (design §7): canceled after a cancel, completed when one file did, else failed. */
export function endOf(batch: BatchProgress): 'completed' | 'failed' | 'canceled' {
  if (batch.canceledRound === batch.round) return 'canceled';
  return batch.counts.completed > 0 ? 'completed' : 'failed';
}

export function batchStatus(batch: BatchProgress): BatchStatus {
  if (batch.closed) return endOf(batch);
  if (batch.canceledRound === batch.round) return 'canceling';
  if (batch.paused) return 'paused';
  if (batch.blocked !== null) return 'blocked';
  return batch.counts.queued === batch.counts.total ? 'queued' : 'processing';
}

/** Counters, summed up from files: what the stored ones must equal (tests and the sweeper's audit hold them against it). */
export function countStatuses(statuses: readonly FileStatus[]): Counts {
  const counts = Object.fromEntries(fileStatuses.map((status) => [status, 0])) as Record<FileStatus, number>;
  for (const status of statuses) counts[status] += 1;
  return { total: statuses.length, ...counts };
}
