/**
 * Upload: a session, then the source and each asset into it, one call each. A call is marked in the save before it
 * leaves; a run that finds the mark looks before it uploads, so nothing lands twice in one session (design §4).
 */
import type { UploadEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Working } from './file-state.ts';
import { editingFrom, fail, keep, plan, sessionGone, uploadingFrom, type Active } from './moves.ts';
import type { Policy } from './policy.ts';
import { countOne, doublingMs } from './decide-fault.ts';
import { beginAttempt, closeStep, endStep, isOpen, stepAt } from './step-history.ts';

type Uploading = Active<Working<'uploading'>>;

export function decideUpload(file: FileRecord, event: UploadEvent, now: number, policy: Policy): FileRecord {
  const { state } = file;
  if (state.status !== 'uploading') return file;
  const uploading: Uploading = { ...file, state };
  switch (event.type) {
    case 'session-created':
      // The media list of a new session is empty, so the mark for the source needs no look first.
      return file.session === null
        ? mark({ ...uploading, session: event.session }, { item: 0, videosBefore: 0 }, now)
        : file;
    case 'upload-marked':
      return file.session !== null && event.item === file.uploaded && state.mark === null
        ? mark(uploading, event, now)
        : file;
    case 'uploaded':
      return state.mark?.item === event.item ? landed(uploading, now) : file;
    case 'upload-looked-for':
      if (state.mark?.item !== event.item) return file;
      return event.found ? landed(uploading, now) : missed(uploading, state.mark, now, policy);
  }
}

function mark(file: Uploading, at: { readonly item: number; readonly videosBefore: number }, now: number): FileRecord {
  const { crashes, tally } = file.state;
  // Source and assets are one step: the next item's call is another attempt only after a call that went wrong.
  const goesOn = isOpen(file.steps, stepAt(file, 'upload')) && tally === null && crashes === 0;
  const steps = goesOn ? file.steps : beginAttempt(file.steps, now, stepAt(file, 'upload'));
  const marked = { item: at.item, videosBefore: at.videosBefore, misses: 0 };
  return keep(file, { ...file.state, wait: null, mark: marked }, { session: file.session, steps });
}

function landed(file: Uploading, now: number): FileRecord {
  const uploaded = file.uploaded + 1;
  if (uploaded < 1 + file.assets.length) {
    return keep(file, { ...file.state, mark: null, tally: null, crashes: 0 }, { uploaded });
  }
  const steps = endStep(file.steps, now, stepAt(file, 'upload'));
  if (file.kept !== null && file.applied === file.instructions.length) {
    // Assets alone, into the session of a finished file: nothing to edit, nothing to render.
    const { output, finishedAt } = file.kept;
    return plan(file, { status: 'completed', output, finishedAt }, { uploaded, steps, kept: null });
  }
  return plan(file, editingFrom('in', now), { uploaded, steps });
}

const neverListed = 'The upstream took the upload but never showed it in a session. Retry later.';

function missed(file: Uploading, at: NonNullable<Uploading['state']['mark']>, now: number, policy: Policy): FileRecord {
  // Nothing was paid in a session without a turn: a fresh one costs nothing and leaves no doubt.
  const takesNew = file.lane === null && file.session?.paid === false;
  if (!takesNew && at.misses === 0) {
    const wait = { reason: 'recheck' as const, detail: 'looking for an upload whose reply was lost' };
    const looked = { ...at, misses: 1 };
    return plan(file, { ...file.state, due: now + policy.editRecheckFirstMs, wait, mark: looked });
  }
  // What is sent and never listed is given up some day, as calls that fail are: after the same span, with the same back-off.
  const { tally, crashes } = file.state;
  const missed = countOne(tally, now);
  if (now - missed.since >= policy.upstreamGiveUpMs) {
    return fail(file, { code: 'upstream_unavailable', detail: neverListed }, now);
  }
  const due = tally === null ? now : now + doublingMs(missed.inRow, policy);
  const again = { ...uploadingFrom('in', due), tally: missed, crashes };
  return plan(file, again, takesNew ? { ...sessionGone, steps: closeStep(file, now) } : {});
}
