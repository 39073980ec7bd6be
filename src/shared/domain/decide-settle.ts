/**
 * Settling: a turn counts only when two reads in a row are equal (design §4 (3), (4)). Generation shows up in state
 * some time after the stream closed (upstream rule 6), and must not pass for the next turn's effect.
 */
import type { StateRead } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Settle, Turn, Working } from './file-state.ts';
import { editingFrom, fail, plan, renderingFrom, restart, type Active } from './moves.ts';
import { maxRestarts, type Policy } from './policy.ts';
import { endStep, stepAt } from './step-history.ts';

type Editing = Active<Working<'editing'>>;
type WithTurn = Active<Working<'editing'> & { turn: Turn }>;

/** Tools whose effect is in the state as soon as the stream has closed. */
const immediateTools: readonly string[] = ['edit_multitrack'];

/** How far apart the two equal reads must be after this turn. */
export function settleWaitMs(turn: Turn, read: StateRead, policy: Policy): number {
  if (turn.end === null || !turn.end.seen) return policy.editRecheckMs;
  const late = turn.end.tools.filter((tool) => !immediateTools.includes(tool)).length;
  const arrived = read.generatedMedia - turn.mediaBefore;
  return late > 0 && arrived < late ? policy.editRecheckMs : policy.editSettleMs;
}

export const firstSettleRead = (read: StateRead): Settle => ({ last: read.fingerprint, unequal: 0, unchanged: 0 });
export const unequalRead = (settle: Settle, read: StateRead): Settle => ({
  last: read.fingerprint,
  unequal: settle.unequal + 1,
  unchanged: 0,
});

/** The turn has taken effect: on to the next instruction, or to the render. */
export function applied(
  file: Active<Working<'editing'> | Working<'checking'>>,
  read: StateRead,
  now: number,
): FileRecord {
  const { place } = file.state;
  const change = read.timeline?.summary;
  const done = {
    ...file,
    applied: file.applied + 1,
    settled: read.fingerprint,
    timeline: read.timeline,
    steps: endStep(file.steps, now, stepAt(file, 'edit'), change === undefined ? {} : { change }),
  };
  if (done.applied < file.instructions.length) return plan(done, editingFrom(place, now));
  const rendering = renderingFrom(place, now);
  if (!read.renderable) return fail({ ...done, state: rendering }, { code: 'nothing_to_render' }, now);
  return plan({ ...done, draftStored: true }, rendering);
}

/** A read after the turn's stream has closed, or the look that a caller's retry takes first. */
export function decideSettle(file: WithTurn, read: StateRead, now: number, policy: Policy): FileRecord {
  const { turn, settle, lookFirst } = file.state;
  const unchanged = read.fingerprint === turn.before;
  if (lookFirst && unchanged && settle === null) return plan(file, { ...editingFrom(file.state.place, now) });
  const wait = settleWaitMs(turn, read, policy);
  if (settle === null) return readAgain(file, firstSettleRead(read), now + wait);
  if (settle.last !== read.fingerprint) {
    const next = unequalRead(settle, read);
    if (next.unequal > policy.editRechecks) return fail(file, { code: 'edit_unconfirmed' }, now);
    return readAgain(file, next, now + wait);
  }
  return unchanged ? settledUnchanged(file, settle, now, policy) : applied(file, read, now);
}

/** Closed and unchanged: silence may still turn into an edit, an answer seldom does (design §4 (4)). */
function settledUnchanged(file: WithTurn, settle: Settle, now: number, policy: Policy): FileRecord {
  const answered = (file.state.turn.end?.reply.trim() ?? '') !== '';
  const allowed = answered ? 1 : policy.editRechecks;
  if (settle.unchanged >= allowed) return fail(file, { code: 'edit_not_applied' }, now);
  const delayMs = settle.unchanged === 0 ? policy.editRecheckFirstMs : policy.editRecheckMs;
  const next = { ...settle, unchanged: settle.unchanged + 1 };
  return readAgain(file, next, now + delayMs, `re-check ${next.unchanged} of ${allowed}`);
}

function readAgain(file: Editing, settle: Settle, due: number, detail = 'waiting for the edit to settle'): FileRecord {
  return plan(file, {
    ...file.state,
    due,
    wait: { reason: 'recheck', detail },
    tally: null,
    crashes: 0,
    settle,
  });
}

/**
 * The state is the one that the last turn settled to, and the upload shows. An upload that was answered well may land
 * late; a turn before it would be paid for an empty session. In a lane the list holds other files anyway. Before a first
 * turn two reads must be alike: after a single odd one a turn that changes nothing would look applied.
 */
export const isReadyForTurn = (file: Editing, read: StateRead): boolean =>
  file.state.settle === null &&
  (file.settled === null ? read.steady : file.settled === read.fingerprint) &&
  hasLanded(file, read);

const hasLanded = ({ lane, uploaded, applied }: Editing, { media }: StateRead): boolean =>
  media > 0 || lane !== null || uploaded === 0 || applied > 0;

/** Not ready: a late second stage settles again before anything is sent, a late upload is waited for. */
export function settleBeforeTurn(file: Editing, read: StateRead, now: number, policy: Policy): FileRecord | null {
  if (isReadyForTurn(file, read)) return null;
  if (!hasLanded(file, read)) return awaitUpload(file, read, now, policy);
  const { settle } = file.state;
  if (settle === null) return readAgain(file, firstSettleRead(read), now + policy.editSettleMs);
  if (settle.last === read.fingerprint) {
    return plan(file, editingFrom(file.state.place, now), { settled: read.fingerprint, timeline: read.timeline });
  }
  const next = unequalRead(settle, read);
  if (next.unequal > policy.editRechecks) return fail(file, { code: 'edit_unconfirmed' }, now);
  return readAgain(file, next, now + policy.editSettleMs);
}

/** Nothing is paid yet: what does not land within the re-checks goes into a new session, bounded as lost ones are. */
function awaitUpload(file: Editing, read: StateRead, now: number, policy: Policy): FileRecord {
  const { unchanged } = file.state.settle ?? firstSettleRead(read);
  if (unchanged < policy.editRechecks) {
    const next = { ...firstSettleRead(read), unchanged: unchanged + 1 };
    const delayMs = unchanged === 0 ? policy.editRecheckFirstMs : policy.editRecheckMs;
    return readAgain(file, next, now + delayMs, 'waiting for the upload to land');
  }
  if (file.restarts < maxRestarts) return restart(file, now);
  return fail(file, { code: 'source_unreachable', detail: 'The upstream took the upload and never showed it.' }, now);
}
