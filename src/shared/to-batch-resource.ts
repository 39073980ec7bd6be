/** A stored batch as callers see it (design §7). Pure. */
import { batchStatus, type BatchStatus, type Counts } from './domain/batch.ts';
import { etaOf, type Eta } from './domain/eta.ts';
import { sessionCredits } from './domain/policy.ts';
import type { StoredBatch } from './read-batch.ts';

export interface BatchView {
  readonly id: string;
  readonly name: string | null;
  readonly status: BatchStatus;
  readonly round: number;
  readonly blocked: {
    readonly reason: 'out_of_credits' | 'token_invalid' | 'max_credits';
    readonly help_url: string | null;
  } | null;
  readonly counts: Counts;
  readonly credits: { readonly estimated: number; readonly spent: number; readonly spent_is: 'measured' | 'estimated' };
  readonly metadata: Record<string, unknown>;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly eta: Eta | null;
  readonly links: { readonly self: string; readonly files: string; readonly results: string; readonly events: string };
}

export interface BatchSurroundings {
  /** Base of links; null: they are paths. */
  readonly baseUrl: string | null;
  /** Ms of Redis' clock. */
  readonly now: number;
  /** Files that may be in flight at once. */
  readonly window: number;
}

/** What a file takes until one has ended here: seed, "takes 1-3 minutes for a 30-second clip". */
const usualSecondsPerFile = 120;

export function toBatchResource(batch: StoredBatch, around: BatchSurroundings): BatchView {
  const { progress, spec } = batch;
  const self = `${around.baseUrl ?? ''}/batches/${batch.id}`;
  return {
    id: batch.id,
    name: spec.name,
    status: batchStatus(progress),
    round: progress.round,
    blocked: progress.blocked === null ? null : { reason: progress.blocked.reason, help_url: progress.blocked.helpUrl },
    counts: progress.counts,
    credits: {
      estimated: batch.estimatedCredits,
      spent: batch.measuredCredits ?? batch.paidSessions * sessionCredits,
      spent_is: batch.measuredCredits === null ? 'estimated' : 'measured',
    },
    metadata: spec.metadata,
    created_at: toTime(batch.createdAt),
    started_at: batch.startedAt === null ? null : toTime(batch.startedAt),
    finished_at: batch.finishedAt === null ? null : toTime(batch.finishedAt),
    eta: etaOfBatch(batch, around),
    links: { self, files: `${self}/files`, results: `${self}/results`, events: `${self}/events` },
  };
}

/** Null where nothing moves, or what moves says nothing of the rest (a second round has a few files only). */
function etaOfBatch({ progress, spec, startedAt }: StoredBatch, { now, window }: BatchSurroundings): Eta | null {
  const status = batchStatus(progress);
  if ((status !== 'queued' && status !== 'processing') || progress.round > 1) return null;
  const { total, completed, failed, canceled } = progress.counts;
  const done = completed + failed + canceled;
  const lanes = spec.maxSessions ?? total;
  return etaOf({ total, done, startedAt, now, window: Math.min(window, lanes), ...recentOf(done) });
}

const recentOf = (done: number) => ({ recentSecondsPerFile: done === 0 ? usualSecondsPerFile : null });

/** Of a batch that is only being thought of. */
export const etaOfPlan = (files: number, sessions: number, window: number): Eta | null =>
  etaOf({ total: files, done: 0, startedAt: null, now: 0, window: Math.min(window, sessions), ...recentOf(0) });

/** RFC 3339, in UTC. */
export const toTime = (ms: number): string => new Date(ms).toISOString();
