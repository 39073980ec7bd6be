/**
 * What the command knows of a batch while it follows it: slim, as there may be 50,000 files. It takes in live events
 * and says what changed; it neither asks the service nor draws.
 */
import type { BatchResource } from '../api/batches.schema.ts';
import type { FileResource } from '../api/files.schema.ts';
import { finalStatuses } from '../shared/domain/batch.ts';
import type { FileStatus } from '../shared/domain/file-state.ts';
import { describeFile } from './words.ts';

export interface FileView {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly customId: string | null;
  readonly status: FileStatus;
  readonly progress: number;
  /** What it does, waits for or failed of, in plain words. */
  readonly words: string;
  /** The editor's latest word while it edits ("Still working…"); null: none. */
  readonly note: string | null;
  readonly retryable: boolean;
}

export interface BatchView {
  batch: BatchResource | null;
  readonly files: Map<string, FileView>;
  /** False while the connection is being opened again. */
  isConnected: boolean;
}

export const createBatchView = (): BatchView => ({ batch: null, files: new Map(), isConnected: true });

const finals: readonly string[] = finalStatuses;
export const isOver = (thing: { readonly status: string } | null): boolean =>
  thing !== null && finals.includes(thing.status);

export function takeBatch(view: BatchView, batch: BatchResource): { readonly isNewStatus: boolean } {
  const before = view.batch;
  view.batch = batch;
  return { isNewStatus: before?.status !== batch.status };
}

/** Says whether the file's status is another one than before (or the file is new). */
export function takeFile(
  view: BatchView,
  file: FileResource,
): { readonly file: FileView; readonly isNewStatus: boolean } {
  const before = view.files.get(file.id);
  const after: FileView = {
    id: file.id,
    index: file.index,
    name: file.name,
    customId: file.custom_id,
    status: file.status,
    progress: isOver(file) ? 100 : file.progress,
    words: describeFile(file),
    note: null,
    retryable: file.error?.retryable ?? false,
  };
  view.files.set(file.id, after);
  return { file: after, isNewStatus: before?.status !== after.status };
}

/** Progress is volatile: it never moves a file that has ended, and a file that is not known yet will be paged. */
export function takeProgress(view: BatchView, fileId: string, progress: number, note: string | null): FileView | null {
  const before = view.files.get(fileId);
  if (before === undefined || isOver(before)) return null;
  const after = { ...before, progress, note: isNews(before, note) ? note : null };
  view.files.set(fileId, after);
  return after;
}

/** In the order given by the caller. */
export function filesInOrder(view: BatchView): FileView[] {
  return [...view.files.values()].sort((a, b) => a.index - b.index);
}

/** 0 to 100, each file counting the same; what has ended is through, however it ended. */
export function batchProgress(view: BatchView): number {
  const total = Math.max(view.files.size, view.batch?.counts.total ?? 0);
  let sum = 0;
  for (const file of view.files.values()) sum += file.progress;
  return total === 0 ? 0 : sum / total;
}

/** Other steps say all in their status; while it edits, the editor's word may add something ("Still working…"). */
function isNews(file: FileView, note: string | null): boolean {
  return file.status === 'editing' && note !== null && !file.words.startsWith(note);
}
