/** What the caller, or time, does to a file: cancel, retry, a message on a finished file, expiry. */
import type { CallerEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Work } from './file-state.ts';
import { editingFrom, fail, giveBack, isWork, plan, renderingFrom, sessionGone, uploadingFrom } from './moves.ts';
import { closeStep } from './step-history.ts';

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
  if (file.kept !== null) return giveBack(file, { steps, unknown: hasOpenTurn(state) });
  return plan(file, { status: 'canceled', finishedAt: now }, { steps });
}

const hasOpenTurn = (state: FileRecord['state']): boolean =>
  (state.status === 'editing' || state.status === 'checking') && state.turn !== null;

/** From the failed step, not the first (design §4). What had been paid stays paid: the session is kept where it lives. */
function retry(file: FileRecord, now: number): FileRecord {
  if (file.state.status !== 'failed') return file;
  const { at, error } = file.state;
  const startsAnew = file.session === null || error.code === 'session_lost' || (file.lane !== null && isEdit(at));
  if (startsAnew && at.status !== 'delivering') {
    return plan(file, uploadingFrom('waiting', now), { ...sessionGone, lane: null, restarts: 0 });
  }
  const draftStored = error.code === 'nothing_to_render' ? false : file.draftStored;
  return plan(file, resumeAt(at, error.code, now), { restarts: 0, draftStored });
}

const isEdit = (at: Work): boolean => at.status === 'editing' || at.status === 'checking';

function resumeAt(at: Work, code: string, now: number): Work {
  switch (at.status) {
    case 'uploading':
      return { ...uploadingFrom('waiting', now), mark: at.mark };
    case 'editing':
    case 'checking':
      // A turn whose outcome is known (not applied) is sent again; an unknown one is looked at first (design §4 (5)).
      if (at.turn === null || code === 'edit_not_applied') return editingFrom('waiting', now);
      return { ...editingFrom('waiting', now), turn: at.turn, lookFirst: true };
    case 'rendering':
      return {
        ...renderingFrom('waiting', now),
        render: at.render === null ? null : { ...at.render, polls: 0, lookOnce: true },
      };
    case 'delivering':
      return { ...at, place: 'in', due: now, wait: null, tally: null, crashes: 0 };
  }
}

function message(file: FileRecord, event: Extract<CallerEvent, { type: 'messaged' }>, now: number): FileRecord {
  const { state } = file;
  if (state.status !== 'completed') return file;
  const kept = { output: state.output, finishedAt: state.finishedAt, instructions: file.instructions.length };
  const instructions = event.text === null ? file.instructions : [...file.instructions, event.text];
  const assets = [...file.assets, ...event.assets];
  const asked = { ...file, kept, instructions, ownInstructions: [...instructions], assets, ownAssets: assets };
  // In a lane, or where the session is gone, the timeline is not this file's any more: all of it again, elsewhere.
  if (file.session === null || file.lane !== null) {
    return plan(asked, uploadingFrom('waiting', now), { ...sessionGone, lane: null });
  }
  if (event.assets.length > 0) return plan(asked, uploadingFrom('waiting', now));
  if (event.action === 'render') return plan(asked, renderingFrom('waiting', now));
  return plan(asked, editingFrom('waiting', now), { draftStored: false });
}

function expire(file: FileRecord, now: number): FileRecord {
  const { state } = file;
  if (isWork(state)) return fail({ ...file, state }, { code: 'expired' }, now);
  if (state.status === 'parked') return fail({ ...file, state: state.at }, { code: 'expired' }, now);
  if (state.status === 'queued')
    return fail({ ...file, state: uploadingFrom('waiting', now) }, { code: 'expired' }, now);
  return file;
}
