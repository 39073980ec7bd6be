/**
 * What a save must move along with the record, in the same script: counters and status index, the account's in-flight
 * set, the list of what is due, the waiting lists, the batch's bill. A pure difference of two records.
 */
import { isFinal } from './batch.ts';
import type { FileRecord } from './file.ts';
import type { FileStatus, FileState } from './file-state.ts';
import { isWork } from './moves.ts';

export interface Effects {
  readonly from: FileStatus;
  readonly to: FileStatus;
  /** In flight: uploading, editing, checking, rendering with a slot (design §5). Delivering is not. */
  readonly inFlight: boolean;
  /** When the next run is due; null: nothing is to run. */
  readonly due: number | null;
  /** The waiting list that the file joins at the front: its batch's, or that of what costs nothing. */
  readonly joins: 'batch' | 'free' | null;
  /** Waits for its first upload: admission stops while too many do. */
  readonly awaitsUpload: boolean;
  /** Sessions that took a turn, more (or, for a refused turn, fewer) than before. */
  readonly paidDelta: number;
  readonly ended: boolean;
  /** Readers of the live events should see it. */
  readonly visible: boolean;
}

const isInFlight = (state: FileState): boolean =>
  isWork(state) && state.place === 'in' && state.status !== 'delivering';

/** Render and delivery cost no credits: they go on while the account's admission is closed for want of them. */
const isFree = ({ status }: FileState): boolean => status === 'rendering' || status === 'delivering';

const isWaiting = (state: FileState): boolean => isWork(state) && state.place === 'waiting';

export function effectsOf(before: FileRecord, after: FileRecord): Effects {
  const { state } = after;
  return {
    from: before.state.status,
    to: state.status,
    inFlight: isInFlight(state),
    due: isWork(state) && state.place === 'in' ? state.due : null,
    joins: isWaiting(state) && !isWaiting(before.state) ? (isFree(state) ? 'free' : 'batch') : null,
    awaitsUpload: state.status === 'uploading' && state.place === 'in' && state.mark === null && after.uploaded === 0,
    paidDelta: after.paidSessions - before.paidSessions,
    ended: isFinal(state.status) && !isFinal(before.state.status),
    visible: after.run !== before.run || before.state.status !== state.status,
  };
}
