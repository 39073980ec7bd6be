/**
 * Calls that failed, and calls that were not made. Whose fault it is decides what it costs the file (design §5): a
 * fault counts only while other calls of the account go through; otherwise the file waits, however long that takes.
 */
import { isOverdue, unconfirmed } from './decide-check.ts';
import type { CallFault, FaultEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Tally, Work } from './file-state.ts';
import { fail, isWork, keep, park, plan, restart, type Active, type Failure } from './moves.ts';
import { maxBackoffMs, maxCrashes, maxRestarts, type Policy } from './policy.ts';
import { reactionTo, type ReactionRow } from './reactions.ts';

export function decideFault(file: FileRecord, event: FaultEvent, now: number, policy: Policy): FileRecord {
  const { state } = file;
  if (!isWork(state)) return file;
  const active: Active = { ...file, state };
  switch (event.type) {
    case 'call-faulted':
      return reactToFault(active, event, now, policy);
    case 'account-closed':
      return plan(file, closed(state, event, now, policy));
    case 'step-refused':
      return fail(active, { code: event.code, detail: event.detail }, now);
    case 'crashed':
      return state.crashes + 1 >= maxCrashes
        ? fail(active, { code: 'poisoned' }, now)
        : keep(file, { ...state, crashes: state.crashes + 1 });
  }
}

/** The account is paused or down and nothing was called: the file waits until then, burning nothing. */
function closed(
  state: Work,
  event: Extract<FaultEvent, { type: 'account-closed' }>,
  now: number,
  policy: Policy,
): Work {
  const due = Math.max(event.until, now) + spreadMs(event.spread, policy);
  const tally = state.tally === null ? null : setBack(state.tally, due - now);
  const waiting = { due, wait: { reason: event.reason, detail: null }, tally, crashes: 0 };
  if (state.status === 'checking') return { ...state, ...waiting, excludedMs: state.excludedMs + due - now };
  if (state.status === 'uploading' && event.markedCall === true) return { ...state, ...waiting, mark: null };
  return { ...state, ...waiting };
}

/** After a pause the files come back over a third of RATE_LIMIT_WAIT_MS, not all at once (design §5 "Window"). */
const spreadMs = (spread: number, policy: Policy): number => Math.round((spread * policy.rateLimitWaitMs) / 3);

export function reactToFault(file: Active, faulted: CallFault, now: number, policy: Policy): FileRecord {
  const row = reactionTo(faulted.fault.code);
  const cleared = faulted.markedCall === true ? clearMark(file, faulted.fault.code) : file;
  switch (row.reaction) {
    case 'none':
      return plan(cleared, { ...cleared.state, due: now });
    case 'fail':
      return fail(cleared, failureOf(row, faulted), now);
    case 'park':
      return park(cleared, row.error === 'out_of_credits' ? 'out_of_credits' : 'token_invalid');
    case 'new-session':
      return sessionLost(cleared, faulted, now);
    case 'wait-out-limit':
      return waitOutLimit(cleared, faulted, row, now, policy);
    case 'back-off':
      return backOff(cleared, faulted, row, now, policy);
  }
}

const failureOf = (row: ReactionRow, { fault }: CallFault): Failure => ({
  code: row.error,
  upstreamCode: fault.upstreamCode,
});

/** Faults after which an upload may have arrived all the same; any other answer says that it was not taken. */
const doubtful: readonly string[] = ['connection_lost', 'timed_out', 'server_error', 'aborted'];

function clearMark(file: Active, code: string): Active {
  if (file.state.status !== 'uploading' || doubtful.includes(code)) return file;
  return { ...file, state: { ...file.state, mark: null } };
}

function sessionLost(file: Active, faulted: CallFault, now: number): FileRecord {
  if (file.restarts >= maxRestarts) {
    return fail(file, { code: 'session_lost', upstreamCode: faulted.fault.upstreamCode }, now);
  }
  return restart(file, now);
}

/** An outage of everybody is no time that this file had: the first counted fault counts from later on. */
const setBack = (tally: Tally, ms: number): Tally => ({
  ...tally,
  since: tally.since === null ? null : tally.since + ms,
});

/** Adds a fault to the tally: counted only where another call of the account went through in between, or a verdict. */
function tallied(state: Work, counts: boolean, row: ReactionRow, now: number): Tally {
  const tally = state.tally ?? noFaults(now);
  if (!counts) return setBack({ ...tally, lastAt: now, inRow: tally.inRow + 1 }, now - tally.lastAt);
  const limited = tally.limited + (row.reaction === 'wait-out-limit' ? 1 : 0);
  return { ...countOne(tally, now), limited };
}

const noFaults = (now: number): Tally => ({ counted: 0, limited: 0, since: null, lastAt: now, inRow: 0 });

/** One more that counts against the file, and since when. */
export function countOne(before: Tally | null, now: number): Tally & { readonly since: number } {
  const tally = before ?? noFaults(now);
  return { ...tally, counted: tally.counted + 1, since: tally.since ?? now, lastAt: now, inRow: tally.inRow + 1 };
}

function waitOutLimit(file: Active, faulted: CallFault, row: ReactionRow, now: number, policy: Policy): FileRecord {
  const tally = tallied(file.state, faulted.othersSucceeded, row, now);
  if (tally.limited >= policy.rateLimitAttempts) return giveUp(file, row, faulted, now);
  const until = Math.max(faulted.until ?? now + policy.rateLimitWaitMs, now);
  const due = until + spreadMs(faulted.spread, policy);
  return waitFor(file, { tally, reason: 'rate_limit', due, excluded: true }, now, policy);
}

function backOff(file: Active, faulted: CallFault, row: ReactionRow, now: number, policy: Policy): FileRecord {
  const counts = faulted.othersSucceeded || row.verdict;
  const tally = tallied(file.state, counts, row, now);
  const spanned = tally.since !== null && now - tally.since >= policy.upstreamGiveUpMs;
  if (counts && spanned) return giveUp(file, row, faulted, now);
  const due = now + backOffMs(file.state, tally, policy);
  return waitFor(file, { tally, reason: 'upstream', due, excluded: !counts }, now, policy);
}

/** Polls and re-checks keep their own pace; everything else doubles from a second up to five minutes. */
function backOffMs(state: Work, tally: Tally, policy: Policy): number {
  if (state.status === 'rendering' && state.render?.submitted === true) return policy.renderPollMs;
  if (state.status === 'checking') return policy.editRecheckMs;
  return doublingMs(tally.inRow, policy);
}

/** Before try `inRow` + 1: doubles from a second up to five minutes (design §5). */
export function doublingMs(inRow: number, { rateLimitWaitMs }: Policy): number {
  const first = Math.min(1000, rateLimitWaitMs);
  return Math.min(maxBackoffMs, first * 2 ** Math.min(inRow - 1, 20));
}

/** The limit is reached: a turn that nobody could look at stays unconfirmed, anything else gets the row's code. */
function giveUp(file: Active, row: ReactionRow, faulted: CallFault, now: number): FileRecord {
  const { state } = file;
  if (state.status === 'checking') return unconfirmed({ ...file, state }, now);
  // Whether it is the destination or the way to the output: what failed for good is the delivery.
  return fail(file, state.status === 'delivering' ? undelivered(faulted) : failureOf(row, faulted), now);
}

/** The words of our own about a destination may be told; the upstream's may not. */
const undelivered = ({ fault }: CallFault): Failure =>
  fault.code === 'destination_failed'
    ? { code: 'delivery_failed', detail: `${fault.detail} Retry with a fresh destination URL.` }
    : { code: 'delivery_failed' };

interface Pause {
  readonly tally: Tally;
  readonly reason: 'rate_limit' | 'upstream';
  readonly due: number;
  /** Nobody could look, through no fault of the file: a check does not count that time towards giving up. */
  readonly excluded: boolean;
}

function waitFor(file: Active, pause: Pause, now: number, policy: Policy): FileRecord {
  const { state } = file;
  const { tally, reason, due } = pause;
  const waiting = { due, wait: { reason, detail: null }, tally, crashes: 0 };
  if (state.status !== 'checking') return plan(file, { ...state, ...waiting });
  const checking = { ...file, state };
  if (isOverdue(checking, now, policy)) return unconfirmed(checking, now);
  return plan(file, { ...state, ...waiting, excludedMs: state.excludedMs + (pause.excluded ? due - now : 0) });
}
