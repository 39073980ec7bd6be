/**
 * Checking: a turn was sent and its outcome is unknown. State is read, never written: nothing unknown is ever sent
 * again by itself (design §4 (5), upstream rules 2 and 3).
 */
import type { StateRead } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Settle, Wait, Working } from './file-state.ts';
import { applied, firstSettleRead, unequalRead } from './decide-settle.ts';
import { editingFrom, fail, park, plan, refunded, type Active } from './moves.ts';
import type { Policy } from './policy.ts';

type Checking = Active<Working<'checking'>>;

export function decideCheck(file: Checking, read: StateRead, now: number, policy: Policy): FileRecord {
  const { turn, settle } = file.state;
  if (settle === null) {
    return read.fingerprint === turn.before
      ? unchanged(file, now, policy)
      : settleOn(file, firstSettleRead(read), now, policy);
  }
  if (settle.last !== read.fingerprint) {
    const next = unequalRead(settle, read);
    return next.unequal > policy.editRechecks ? unconfirmed(file, now) : settleOn(file, next, now, policy);
  }
  // Two equal reads. Back where it was: what had been seen is gone again, so it counts as unchanged.
  return read.fingerprint === turn.before ? unchanged(file, now, policy) : applied(file, read, now);
}

function unchanged(file: Checking, now: number, policy: Policy): FileRecord {
  const { turn } = file.state;
  const unchangedReads = file.state.unchangedReads + 1;
  const enough = unchangedReads >= policy.editRechecks && now > turn.sentAt + policy.editTimeoutMs;
  if (enough || isOverdue(file, now, policy)) return stayedUnchanged(file, now);
  return plan(file, {
    ...file.state,
    due: now + policy.editRecheckMs,
    wait: recheckWait(unchangedReads, policy),
    tally: null,
    crashes: 0,
    unchangedReads,
  });
}

export const recheckWait = (unchangedReads: number, { editRechecks }: Policy): Wait => ({
  reason: 'recheck',
  detail: `re-check ${Math.min(unchangedReads + 1, editRechecks)} of ${editRechecks}`,
});

/** Twice the turn's own limit has gone by, the time in which nobody could look left out. */
export const isOverdue = (file: Checking, now: number, policy: Policy): boolean =>
  now > file.state.turn.sentAt + 2 * policy.editTimeoutMs + file.state.excludedMs;

/**
 * An error event in the stream whose code is a refusal: a state that was never seen changed means that it was one
 * (design §4 (5)). Where a change came and went, or nobody could look, sending again might apply the turn twice.
 */
function stayedUnchanged(file: Checking, now: number): FileRecord {
  const { turn, place, settle } = file.state;
  const cleared = { ...file, ...refunded(file, turn), state: editingFrom(place, now) };
  if (settle === null && turn.errorCode === 'out_of_credits') return park(cleared, 'out_of_credits');
  if (settle === null && turn.errorCode === 'rate_limited') return plan(cleared, cleared.state);
  return unconfirmed(file, now);
}

export const unconfirmed = (file: Checking, now: number): FileRecord =>
  fail(file, { code: 'edit_unconfirmed', upstreamCode: file.state.turn.upstreamCode }, now);

function settleOn(file: Checking, settle: Settle, now: number, policy: Policy): FileRecord {
  return plan(file, {
    ...file.state,
    due: now + policy.editRecheckMs,
    wait: { reason: 'recheck', detail: 'the edit shows; waiting for it to settle' },
    tally: null,
    crashes: 0,
    settle,
  });
}
