/** Who may work on a file: admission, pause, parking. The lists and the in-flight set follow from the state (effects.ts). */
import type { PlacementEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import { freshMotion, isWork, park, plan, uploadingFrom } from './moves.ts';

export function decidePlacement(file: FileRecord, event: PlacementEvent, now: number): FileRecord {
  const { state } = file;
  switch (event.type) {
    case 'admitted':
      return admit(file, event, now);
    case 'held':
      return isWork(state) && state.place === 'in' ? plan(file, { ...state, ...freshMotion('held', now) }) : file;
    case 'released':
      return isWork(state) && state.place === 'held' ? plan(file, { ...state, ...freshMotion('waiting', now) }) : file;
    case 'parked':
      return isWork(state) ? park({ ...file, state }, event.reason) : file;
    case 'unparked': {
      if (state.status !== 'parked') return file;
      const place = state.at.status === 'delivering' ? 'in' : 'waiting';
      return plan(file, { ...state.at, ...freshMotion(place, now) });
    }
  }
}

function admit(file: FileRecord, event: Extract<PlacementEvent, { type: 'admitted' }>, now: number): FileRecord {
  const { state } = file;
  if (state.status === 'queued') {
    return plan(file, uploadingFrom('in', now), { startedAt: now, session: event.session, lane: event.lane });
  }
  if (!isWork(state) || state.place !== 'waiting') return file;
  return plan(file, { ...state, place: 'in', due: now }, { lane: file.lane ?? event.lane });
}
