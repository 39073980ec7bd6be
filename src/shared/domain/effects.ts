/**
 * What a save must move along with the record, in the same script: counters and status index, the account's in-flight
 * set, the list of what is due, the waiting lists, the batch's bill. A pure difference of two records.
 */
import { isFinal } from './batch.ts';
import type { FileRecord, Session } from './file.ts';
import type { FileStatus, FileState } from './file-state.ts';
import { isWork } from './moves.ts';

export interface Effects {
  readonly from: FileStatus;
  readonly to: FileStatus;
  /** In flight: uploading, editing, checking, rendering with a slot (design §5). Delivering is not. */
  readonly inFlight: boolean;
  /** When the next run is due; null: nothing is to run. */
  readonly due: number | null;
  /** The waiting list that the file joins: its batch's (at the front, in a lane's retry at the end), or the free one. */
  readonly joins: 'batch' | 'batch-last' | 'free' | null;
  /** Waits for its first upload: admission stops while too many do. */
  readonly awaitsUpload: boolean;
  /** In flight in a session that nothing has been paid for yet: what max_credits reckons with. */
  readonly unpaid: boolean;
  readonly lane: LaneEffect | null;
  /** Sessions that took a turn, more (or, for a refused turn, fewer) than before. */
  readonly paidDelta: number;
  readonly ended: boolean;
  /** Readers of the live events should see it. */
  readonly visible: boolean;
}

export interface LaneEffect {
  readonly lane: number;
  /** The session that the lane has from here on; null: the next file makes one. Absent: unchanged. */
  readonly session?: Session | null;
  readonly release: boolean;
}

const isInFlight = (state: FileState): boolean =>
  isWork(state) && state.place === 'in' && state.status !== 'delivering';

/** Render and delivery cost no credits: they go on while the account's admission is closed for want of them. */
export const isFree = ({ status }: FileState): boolean => status === 'rendering' || status === 'delivering';

const isWaiting = (state: FileState): boolean => isWork(state) && state.place === 'waiting';

export function effectsOf(before: FileRecord, after: FileRecord): Effects {
  const { state } = after;
  return {
    from: before.state.status,
    to: state.status,
    inFlight: isInFlight(state),
    due: isWork(state) && state.place === 'in' ? state.due : null,
    joins: isWaiting(state) && !isWaiting(before.state) ? listOf(before, after) : null,
    awaitsUpload: state.status === 'uploading' && state.place === 'in' && state.mark === null && after.uploaded === 0,
    unpaid: isInFlight(state) && after.session?.paid !== true,
    lane: laneEffect(before, after),
    paidDelta: after.paidSessions - before.paidSessions,
    ended: isFinal(state.status) && !isFinal(before.state.status),
    visible: after.run !== before.run || before.state.status !== state.status,
  };
}

function listOf(before: FileRecord, after: FileRecord): 'batch' | 'batch-last' | 'free' {
  if (isFree(after.state)) return 'free';
  // "A file retried at an edit starts from upload, last in its lane" (design §4).
  return before.lane !== null && after.lane === null && after.kept === null ? 'batch-last' : 'batch';
}

function laneEffect(before: FileRecord, after: FileRecord): LaneEffect | null {
  const lane = before.laneHeld ? before.lane : after.laneHeld ? after.lane : null;
  if (lane === null) return null;
  const release = before.laneHeld && !after.laneHeld;
  const session = release && retires(before, after) ? null : after.session;
  const isChanged = session?.id !== before.session?.id || session?.paid !== before.session?.paid;
  return isChanged || release ? { lane, release, ...(isChanged ? { session } : {}) } : null;
}

/** Only a failure or cancel in an edit leaves a timeline that no other file may build on; a lost session is no session. */
function retires(before: FileRecord, { state }: FileRecord): boolean {
  if (state.status === 'failed' && state.error.code === 'session_lost') return true;
  const at = before.state.status === 'parked' ? before.state.at.status : before.state.status;
  return (at === 'editing' || at === 'checking') && (state.status === 'failed' || state.status === 'canceled');
}
