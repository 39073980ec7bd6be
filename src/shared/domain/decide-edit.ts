/**
 * Turns, the paid step (design §4 (1)–(6)). What is sent is sent once: from `turn-sent` on, only proof that the
 * upstream did not take it (`turn-not-taken`) clears it; everything else is found out by reading state.
 */
import { decideCheck, recheckWait } from './decide-check.ts';
import { decideSettle, isReadyForTurn, settleBeforeTurn } from './decide-settle.ts';
import { reactToFault } from './decide-fault.ts';
import type { StateRead, TurnEvent } from './events.ts';
import type { FileRecord, Session } from './file.ts';
import type { Turn, Working } from './file-state.ts';
import { translateReply } from './gui-phrases.ts';
import { keep, plan, refunded, type Active } from './moves.ts';
import type { Policy } from './policy.ts';
import { beginAttempt, cutReply, noteStep, stepAt } from './step-history.ts';

type Editing = Active<Working<'editing'>>;
type Checking = Active<Working<'checking'>>;

export function decideEdit(file: FileRecord, event: TurnEvent, now: number, policy: Policy): FileRecord {
  const { state } = file;
  if (state.status === 'editing') return decideEditing({ ...file, state }, event, now, policy) ?? file;
  if (state.status === 'checking') return decideChecking({ ...file, state }, event, now, policy) ?? file;
  return file;
}

/** Null: the event says nothing new. */
function decideEditing(file: Editing, event: TurnEvent, now: number, policy: Policy): FileRecord | null {
  const { turn, lookFirst } = file.state;
  switch (event.type) {
    case 'turn-sent':
      return file.session !== null && maySend(file, event.read) ? sent(file, file.session, event, now) : null;
    case 'turn-found-open':
      return turn !== null && turn.end === null && !lookFirst ? toChecking(file, turn, now, policy) : null;
    case 'state-read':
      return turn === null
        ? settleBeforeTurn(file, event.read, now, policy)
        : decideSettle({ ...file, state: { ...file.state, turn } }, event.read, now, policy);
    case 'turn-not-taken':
      return turn?.id === event.turnId && turn.end === null ? notTaken(file, turn, event, now, policy) : null;
    case 'turn-ended':
      return turn?.id === event.turnId && turn.end === null ? ended(file, turn, event, now, policy) : null;
  }
}

function decideChecking(file: Checking, event: TurnEvent, now: number, policy: Policy): FileRecord | null {
  const { turn } = file.state;
  switch (event.type) {
    case 'state-read':
      return decideCheck(file, event.read, now, policy);
    case 'turn-not-taken':
      return turn.id === event.turnId && turn.end === null ? notTaken(file, turn, event, now, policy) : null;
    case 'turn-ended':
      return turn.id === event.turnId && turn.end === null ? ended(file, turn, event, now, policy) : null;
    case 'turn-sent':
    case 'turn-found-open':
      return null;
  }
}

/** No turn of the session is open or unknown, and nothing has to settle or land before the next one. */
const maySend = (file: Editing, read: StateRead): boolean =>
  file.state.turn === null && file.applied < file.instructions.length && isReadyForTurn(file, read);

function sent(
  file: Editing,
  session: Session,
  event: Extract<TurnEvent, { type: 'turn-sent' }>,
  now: number,
): FileRecord {
  const pays = !session.paid;
  const turn: Turn = {
    id: event.turnId,
    sentAt: now,
    before: event.read.fingerprint,
    mediaBefore: event.read.generatedMedia,
    pays,
    end: null,
    errorCode: null,
    upstreamCode: null,
  };
  return keep(
    file,
    { ...file.state, wait: null, turn },
    {
      session: { ...session, paid: true },
      paidSessions: file.paidSessions + (pays ? 1 : 0),
      steps: beginAttempt(file.steps, now, stepAt(file, 'edit')),
    },
  );
}

/** Design §4 (6): the turn was not taken, so nothing was charged, and the next send is a first send. */
function notTaken(
  file: Editing | Checking,
  turn: Turn,
  event: Extract<TurnEvent, { type: 'turn-not-taken' }>,
  now: number,
  policy: Policy,
): FileRecord {
  const cleared: Editing = {
    ...file,
    ...refunded(file, turn),
    state: { ...motionOf(file), status: 'editing', turn: null, settle: null, lookFirst: false },
  };
  if (event.fault === null) return plan(cleared, { ...cleared.state, due: now });
  return reactToFault(cleared, event.fault, now, policy);
}

const motionOf = ({ state: { place, due, wait, tally, crashes } }: Editing | Checking) => ({
  place,
  due,
  wait,
  tally,
  crashes,
});

function ended(
  file: Editing | Checking,
  turn: Turn,
  event: Extract<TurnEvent, { type: 'turn-ended' }>,
  now: number,
  policy: Policy,
): FileRecord {
  const closed: Turn = {
    ...turn,
    end: { seen: event.seen, at: now, reply: cutReply(event.reply), tools: [...event.tools] },
    errorCode: event.error?.code ?? null,
    upstreamCode: event.error?.upstreamCode ?? null,
  };
  // For people: without buttons that nobody has here (seed, "GUI translation"). Export and state follow by themselves.
  const { text } = translateReply(event.reply);
  const steps = text === '' ? file.steps : noteStep(file, { reply: cutReply(text) });
  const noted = { ...file, steps };
  if (!event.seen || event.error !== null) return toChecking(noted, closed, now, policy);
  return plan(noted, {
    ...motionOf(file),
    status: 'editing',
    due: now,
    wait: null,
    tally: null,
    crashes: 0,
    turn: closed,
    settle: null,
    lookFirst: false,
  });
}

function toChecking(file: Editing | Checking, turn: Turn, now: number, policy: Policy): FileRecord {
  const { unchangedReads, excludedMs } =
    file.state.status === 'checking' ? file.state : { unchangedReads: 0, excludedMs: 0 };
  return plan(file, {
    status: 'checking',
    ...motionOf(file),
    due: now + policy.editRecheckFirstMs,
    wait: recheckWait(unchangedReads, policy),
    tally: null,
    crashes: 0,
    turn,
    settle: null,
    unchangedReads,
    excludedMs,
  });
}
