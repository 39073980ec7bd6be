/** What the caller, or time, does to a file: cancel, retry, a message on a finished file, expiry. */
import type { CallerEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Work } from './file-state.ts';
import {
  editingFrom,
  fail,
  freshMotion,
  giveBack,
  hasTurn,
  isWork,
  plan,
  renderingFrom,
  sessionGone,
  uploadingFrom,
} from './moves.ts';
import { beginAttempt, closeStep, stepAt } from './step-history.ts';

export function decideCaller(file: FileRecord, event: CallerEvent, now: number): FileRecord {
  switch (event.type) {
    case 'canceled':
      return cancel(file, now);
    case 'retried':
      return retry(file, now);
    case 'messaged':
      return message(file, event, now);
    case 'expired':
      return expire(file, now);
  }
}

/** A message that is canceled gives the finished file back; anything else unfinished ends here, whatever runs for it. */
function cancel(file: FileRecord, now: number): FileRecord {
  const { state } = file;
  if (state.status !== 'queued' && state.status !== 'parked' && !isWork(state)) return file;
  const steps = closeStep(file, now);
  const at = state.status === 'parked' ? state.at : state;
  if (file.kept !== null) return giveBack(file, file.kept, { steps, doubtful: isWork(at) && hasTurn(at) });
  return plan(file, { status: 'canceled', finishedAt: now }, { steps });
}

/** From the failed step, not the first (design §4). What had been paid stays paid: the session is kept where it lives. */
function retry(file: FileRecord, now: number): FileRecord {
  if (file.state.status !== 'failed') return file;
  const { at, error } = file.state;
  const startsAnew = file.session === null || error.code === 'session_lost' || (file.lane !== null && isEdit(at));
  if (startsAnew && at.status !== 'delivering') {
    return plan(file, uploadingFrom('waiting', now), { ...sessionGone, lane: null, restarts: 0 });
  }
  const draftStored = error.code === 'nothing_to_render' ? false : file.draftStored;
  return plan(file, resumeAt(at, error.code, now), { restarts: 0, draftStored, steps: stepsOfRetry(file, at, now) });
}

/** A delivery begins with the retry itself; the other steps begin with the call that they mark. */
const stepsOfRetry = (file: FileRecord, at: Work, now: number): FileRecord['steps'] =>
  at.status === 'delivering' ? beginAttempt(file.steps, now, stepAt(file, 'deliver')) : file.steps;

const isEdit = (at: Work): boolean => at.status === 'editing' || at.status === 'checking';

function resumeAt(at: Work, code: string, now: number): Work {
  switch (at.status) {
    case 'uploading':
      return { ...uploadingFrom('waiting', now), mark: at.mark };
    case 'editing':
      // A turn whose outcome is known (not applied) is sent again; an unconfirmed one is looked at first (design §4 (5)).
      if (at.turn === null || code === 'edit_not_applied') return editingFrom('waiting', now);
      return { ...editingFrom('waiting', now), turn: at.turn, lookFirst: at.lookFirst || code === 'edit_unconfirmed' };
    case 'checking':
      if (code === 'edit_unconfirmed') return { ...editingFrom('waiting', now), turn: at.turn, lookFirst: true };
      // It failed for another reason, so nothing has been declared yet: the turn may still be at work upstream.
      return { ...at, ...freshMotion('waiting', now) };
    case 'rendering':
      return {
        ...renderingFrom('waiting', now),
        render: at.render === null ? null : { ...at.render, polls: 0, lookOnce: true },
      };
    case 'delivering':
      return { ...at, ...freshMotion('waiting', now) };
  }
}

function message(file: FileRecord, event: Messaged, now: number): FileRecord {
  const { state } = file;
  if (state.status !== 'completed') return file;
  // "Export" and "upload" are words to us, not instructions for the upstream (seed's table).
  const text = event.action === 'edit' ? event.text : null;
  if (text === null && event.action !== 'render' && event.assets.length === 0) return file;
  const kept = {
    output: state.output,
    finishedAt: state.finishedAt,
    instructions: file.instructions.length,
    assets: file.assets.length,
  };
  const instructions = text === null ? file.instructions : [...file.instructions, text];
  const assets = [...file.assets, ...event.assets];
  const own = { ownInstructions: [...instructions], ownAssets: assets };
  return wayOfMessage({ ...file, ...own, kept, instructions, assets, restarts: 0 }, event, now);
}

function wayOfMessage(file: FileRecord, event: Messaged, now: number): FileRecord {
  // In a lane, or where the session is gone, the timeline is not this file's any more: all of it again, elsewhere.
  if (file.session === null || file.lane !== null) {
    return plan(file, uploadingFrom('waiting', now), { ...sessionGone, lane: null });
  }
  if (event.assets.length > 0) return plan(file, uploadingFrom('waiting', now));
  if (event.action === 'render') return plan(file, renderingFrom('waiting', now));
  return plan(file, editingFrom('waiting', now), { draftStored: false });
}

type Messaged = Extract<CallerEvent, { type: 'messaged' }>;

function expire(file: FileRecord, now: number): FileRecord {
  const { state } = file;
  if (isWork(state)) return fail({ ...file, state }, { code: 'expired' }, now);
  if (state.status === 'parked') return fail({ ...file, state: state.at }, { code: 'expired' }, now);
  if (state.status === 'queued')
    return fail({ ...file, state: uploadingFrom('waiting', now) }, { code: 'expired' }, now);
  return file;
}
