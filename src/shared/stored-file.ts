/** Between a file as it is stored (two JSON texts beside the batch's spec) and the record that `decide` sees. */
import type { BatchSpec } from './domain/batch.ts';
import { fileInputSchema, progressSchema, recordVersion, type FileProgress, type FileRecord } from './domain/file.ts';

/** A record of a newer release is left alone, not broken: whoever reads it here must not write it. */
export class NewerRecordError extends Error {
  override readonly name = 'NewerRecordError';
  readonly code = 'newer_record';
}

const version = (progress: unknown): number =>
  typeof progress === 'object' && progress !== null && 'v' in progress && typeof progress.v === 'number'
    ? progress.v
    : 0;

export function toFileRecord(
  stored: {
    readonly id: string;
    readonly batchId: string;
    readonly index: number;
    readonly progress: string;
    readonly input: string;
  },
  spec: BatchSpec,
): FileRecord {
  const raw: unknown = JSON.parse(stored.progress);
  if (version(raw) > recordVersion) throw new NewerRecordError(`${stored.id} is a record of version ${version(raw)}`);
  const progress = progressSchema.parse(raw);
  const input = fileInputSchema.parse(JSON.parse(stored.input));
  return {
    ...progress,
    id: stored.id,
    batchId: stored.batchId,
    index: stored.index,
    input,
    instructions: progress.ownInstructions ?? input.instructions ?? spec.instructions,
    assets: progress.ownAssets ?? [...spec.assets, ...input.assets],
  };
}

export function toStoredProgress(file: FileRecord): string {
  const {
    id: _id,
    batchId: _batchId,
    index: _index,
    input: _input,
    instructions: _instructions,
    assets: _assets,
    ...progress
  } = file;
  return JSON.stringify(progress satisfies FileProgress);
}

/** Every file of a new batch starts the same, so intake sends it once a chunk. */
export const newFileProgress: string = JSON.stringify({
  v: recordVersion,
  run: 0,
  session: null,
  lane: null,
  laneHeld: false,
  uploaded: 0,
  applied: 0,
  settled: null,
  restarts: 0,
  paidSessions: 0,
  draftStored: false,
  timeline: null,
  steps: [],
  startedAt: null,
  kept: null,
  ownInstructions: null,
  ownAssets: null,
  state: { status: 'queued' },
} satisfies FileProgress);
