/**
 * The state machine of a file: what it becomes when something has happened to it. Pure: no I/O, no clock, no
 * randomness. A stale or repeated event returns the very same record, and nothing is saved then.
 */
import { decideCaller } from './decide-caller.ts';
import { decideEdit } from './decide-edit.ts';
import { decideFault } from './decide-fault.ts';
import { decidePlacement } from './decide-placement.ts';
import { decideRender } from './decide-render.ts';
import { decideUpload } from './decide-upload.ts';
import type { FileEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import { isWork, keepsLane } from './moves.ts';
import type { Policy } from './policy.ts';

/** `now` is Redis' clock in ms: the one clock that due times are kept in. */
export function decide(file: FileRecord, event: FileEvent, now: number, policy: Policy): FileRecord {
  const next = react(file, event, now, policy);
  return next.laneHeld && !keepsLane(next) ? { ...next, laneHeld: false } : next;
}

function react(file: FileRecord, event: FileEvent, now: number, policy: Policy): FileRecord {
  if (isStale(file, event)) return file;
  switch (event.type) {
    case 'admitted':
    case 'held':
    case 'released':
    case 'parked':
    case 'unparked':
      return decidePlacement(file, event, now);
    case 'canceled':
    case 'retried':
    case 'expired':
    case 'messaged':
      return decideCaller(file, event, now);
    case 'session-created':
    case 'upload-marked':
    case 'uploaded':
    case 'upload-looked-for':
      return decideUpload(file, event, now, policy);
    case 'state-read':
    case 'turn-sent':
    case 'turn-not-taken':
    case 'turn-ended':
    case 'turn-found-open':
      return decideEdit(file, event, now, policy);
    case 'timeline-empty':
    case 'render-planned':
    case 'render-submitted':
    case 'render-going-on':
    case 'render-failed':
    case 'rendered':
    case 'delivered':
    case 'delivery-refused':
      return decideRender(file, event, now, policy);
    case 'call-faulted':
    case 'account-closed':
    case 'step-refused':
    case 'crashed':
      return decideFault(file, event, now, policy);
  }
}

/** A run that has passed, or a step of a file that has no slot: nothing runs for it, so nothing can have happened in it. */
function isStale({ run, state }: FileRecord, event: FileEvent): boolean {
  if (!('run' in event)) return false;
  if (event.run !== run) return true;
  return event.type !== 'parked' && isWork(state) && state.place !== 'in';
}
