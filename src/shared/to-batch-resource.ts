/** A stored batch as callers see it (design §7). Pure. */
import { batchStatus, type BatchStatus, type Counts } from './domain/batch.ts';
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

export interface Eta {
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
}

/** `baseUrl` null: links are paths. */
export function toBatchResource(batch: StoredBatch, baseUrl: string | null, eta: Eta | null): BatchView {
  const { progress, spec } = batch;
  const self = `${baseUrl ?? ''}/batches/${batch.id}`;
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
    eta,
    links: { self, files: `${self}/files`, results: `${self}/results`, events: `${self}/events` },
  };
}

/** RFC 3339, in UTC. */
export const toTime = (ms: number): string => new Date(ms).toISOString();
