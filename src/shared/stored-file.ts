/** Between a file as it is stored (two JSON texts beside the batch's spec) and the record that `decide` sees. */
import { isFinal, type BatchSpec } from './domain/batch.ts';
import { fileInputSchema, progressSchema, recordVersion, type FileProgress, type FileRecord } from './domain/file.ts';
import { toNewest } from './domain/migrations.ts';
import { pack, unpack } from './packed-progress.ts';

/** A record of a newer release is left alone, not broken: whoever reads it here must not write it. */
export class NewerRecordError extends Error {
  override readonly name = 'NewerRecordError';
  readonly code = 'newer_record';

  constructor(fileId: string, version: number) {
    super(`${fileId} is a record of version ${version}`);
  }
}

const version = (progress: unknown): number =>
  typeof progress === 'object' && progress !== null && 'v' in progress && typeof progress.v === 'number'
    ? progress.v
    : 0;

interface Stored {
  readonly id: string;
  readonly batchId: string;
  readonly index: number;
  readonly progress: string;
  readonly input: string;
}

export function toFileRecord(stored: Stored, spec: BatchSpec): FileRecord {
  const raw: unknown = JSON.parse(stored.progress);
  if (version(raw) > recordVersion) throw new NewerRecordError(stored.id, version(raw));
  return resolve(stored, ofToday(unpack(raw)), spec);
}

/** An older record is brought up here, at its reading; what stores it is its next save. */
function ofToday(raw: unknown): FileProgress {
  const isRecord = typeof raw === 'object' && raw !== null;
  return progressSchema.parse(isRecord ? toNewest({ ...raw }, version(raw)) : raw);
}

/**
 * For showing alone, never for `decide`: a newer record as far as it is understood here. Throws NewerRecordError where
 * it is not understood at all.
 */
export function toShownRecord(stored: Stored, spec: BatchSpec): { readonly file: FileRecord; readonly newer: boolean } {
  const raw: unknown = JSON.parse(stored.progress);
  if (version(raw) <= recordVersion) return { file: resolve(stored, ofToday(unpack(raw)), spec), newer: false };
  const progress = progressSchema.safeParse(unpackNewer(raw));
  if (!progress.success) throw new NewerRecordError(stored.id, version(raw));
  return { file: resolve(stored, progress.data, spec), newer: true };
}

/** A newer release may pack in another way. */
function unpackNewer(raw: unknown): unknown {
  try {
    return unpack(raw);
  } catch {
    return raw;
  }
}

function resolve(stored: Stored, progress: FileProgress, spec: BatchSpec): FileRecord {
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

/** Stamped with the version of who writes it: an older release must not read what it would misunderstand. */
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
  const text = JSON.stringify({ ...progress, v: recordVersion } satisfies FileProgress);
  return isFinal(file.state.status) ? pack(recordVersion, text) : text;
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
