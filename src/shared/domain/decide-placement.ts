/** Who may work on a file: admission, pause, parking. The lists and the in-flight set follow from the state (effects.ts). */
import type { PlacementEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Work } from './file-state.ts';
import { freshMotion, isWork, park, plan, sessionGone, uploadingFrom } from './moves.ts';
import { closeStep } from './step-history.ts';

export function decidePlacement(file: FileRecord, event: PlacementEvent, now: number): FileRecord {
  const { state } = file;
  switch (event.type) {
    case 'admitted':
      return admit(file, event, now);
    case 'held':
      return isWork(state) && isBetween(state) ? plan(file, { ...state, ...freshMotion('held', now) }) : file;
    case 'released':
      return isWork(state) && state.place === 'held' ? plan(file, { ...state, ...freshMotion('waiting', now) }) : file;
    case 'parked':
      return isWork(state) ? park({ ...file, state }, event.reason) : file;
    case 'unparked': {
      if (state.status !== 'parked') return file;
      return plan(file, { ...notLookedAt(state.at, now), ...freshMotion('waiting', now) });
    }
  }
}

/** While a file was parked nobody could look at its turn: that time does not count towards giving up (design §4 (5)). */
const notLookedAt = (at: Work, now: number): Work =>
  at.status === 'checking' ? { ...at, excludedMs: at.excludedMs + Math.max(0, now - at.due) } : at;

/** Pause lets what has begun end (design §5), so it holds a file only between two things to do. Delivery is none of them. */
function isBetween(state: Work): boolean {
  switch (state.status) {
    case 'uploading':
      return state.mark === null;
    case 'editing':
      return state.turn === null;
    case 'rendering':
      return state.render?.submitted !== true;
    case 'checking':
    case 'delivering':
      return false;
  }
}

/** Admitted while the account comes back from a pause: spread like the files that were in flight (design §5 "Window"). */
function admit(file: FileRecord, event: Extract<PlacementEvent, { type: 'admitted' }>, now: number): FileRecord {
  const admitted = place(file, event, now);
  const { state } = admitted;
  if (admitted === file || !isWork(state) || event.notBefore == null) return admitted;
  return { ...admitted, state: { ...state, due: event.notBefore, wait: { reason: 'rate_limit', detail: null } } };
}

function place(file: FileRecord, event: Extract<PlacementEvent, { type: 'admitted' }>, now: number): FileRecord {
  const { state } = file;
  if (state.status === 'queued') {
    const { lane, session } = event;
    return plan(file, uploadingFrom('in', now), { startedAt: now, session, lane, laneHeld: lane !== null });
  }
  if (!isWork(state) || state.place !== 'waiting') return file;
  const startedAt = file.startedAt ?? now;
  // A message never shares a lane's session: its file has one of its own (design §4 "Messages").
  if (file.kept !== null) return plan(file, { ...state, place: 'in', due: now }, { startedAt });
  const lane = file.lane ?? event.lane;
  const laneHeld = file.laneHeld || event.lane !== null;
  if (state.status === 'uploading' && event.session !== null && event.session.id !== file.session?.id) {
    const steps = closeStep(file, now);
    return plan(file, uploadingFrom('in', now), { ...sessionGone, session: event.session, startedAt, lane, steps });
  }
  return plan(file, { ...state, place: 'in', due: now }, { startedAt, lane, laneHeld });
}
