/** Checking (design §4 (5)): reads state, never sends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import { after, aTurn, checking, editing, faulted, policy, read, stateOf, t0 } from './records.ts';

const late = t0 + policy.editTimeoutMs + 1;
const overdue = t0 + 2 * policy.editTimeoutMs + 1;
const reads = (file: FileRecord, now: number, ...fingerprints: string[]): FileRecord =>
  fingerprints.reduce((at, fingerprint) => after(at, read(at, fingerprint), now), file);

test('reads every minute while the state is unchanged, and says which re-check it is', () => {
  const next = reads(checking(), t0 + 30_000, 'A');
  const state = stateOf(next, 'checking');
  assert.deepEqual([state.unchangedReads, state.due, state.wait?.detail], [1, t0 + 90_000, 're-check 2 of 5']);
});

test('applies a turn whose change has settled', () => {
  const seen = reads(checking(), late, 'B');
  assert.equal(stateOf(seen, 'checking').due, late + policy.editRecheckMs);
  assert.equal(reads(seen, late, 'B').applied, 1);
});

test('settles on the first equal pair of reads', () => {
  assert.equal(reads(checking(), late, 'B', 'C', 'C').applied, 1);
});

test('leaves a turn unconfirmed that does not settle', () => {
  const next = reads(checking(), late, 'B', 'C', 'D', 'E', 'F', 'G', 'H');
  assert.equal(stateOf(next, 'failed').error.code, 'edit_unconfirmed');
});

test('counts a change that is gone again as unchanged', () => {
  assert.equal(stateOf(reads(checking(), late, 'B', 'A', 'A'), 'checking').unchangedReads, 1);
});

test('stays in doubt after five unchanged reads while the turn may still run', () => {
  assert.equal(reads(checking({ unchangedReads: 4 }), late - 1, 'A').state.status, 'checking');
  assert.equal(
    stateOf(reads(checking({ unchangedReads: 7 }), late - 1, 'A'), 'checking').wait?.detail,
    're-check 5 of 5',
  );
});

test('declares a turn unconfirmed after five unchanged reads past its time-out', () => {
  assert.equal(stateOf(reads(checking({ unchangedReads: 4 }), late, 'A'), 'failed').error.code, 'edit_unconfirmed');
  assert.equal(reads(checking({ unchangedReads: 3 }), late, 'A').state.status, 'checking');
});

test('declares a turn unconfirmed twice its time-out after it was sent, however few the reads', () => {
  assert.equal(reads(checking(), overdue - 1, 'A').state.status, 'checking');
  assert.equal(stateOf(reads(checking(), overdue, 'A'), 'failed').error.code, 'edit_unconfirmed');
});

test('does not count the time in which the account was paused or down', () => {
  assert.equal(reads(checking({ excludedMs: 1 }), overdue, 'A').state.status, 'checking');
});

const refusedTurn = (code: string) => aTurn({ errorCode: code, upstreamCode: 429 });

test('parks a file whose unchanged turn was answered with "out of credits"', () => {
  const next = reads(checking({ turn: refusedTurn('out_of_credits'), unchangedReads: 4 }), late, 'A');
  assert.deepEqual([stateOf(next, 'parked').reason, next.paidSessions], ['out_of_credits', 0]);
});

test('sends again after an unchanged turn that was answered with "rate limited"', () => {
  const next = reads(checking({ turn: refusedTurn('rate_limited'), unchangedReads: 4 }), late, 'A');
  assert.deepEqual([stateOf(next, 'editing').turn, next.paidSessions], [null, 0]);
});

test('leaves an unchanged turn with any other error event unconfirmed', () => {
  const next = reads(checking({ turn: refusedTurn('forbidden'), unchangedReads: 4 }), late, 'A');
  assert.deepEqual(stateOf(next, 'failed').error.upstreamCode, 429);
});

for (const code of ['rate_limited', 'out_of_credits']) {
  test(`never takes ${code} for a refusal when the state has changed`, () => {
    const next = reads(checking({ turn: refusedTurn(code) }), late, 'B', 'C', 'D', 'E', 'F', 'G', 'H');
    assert.equal(stateOf(next, 'failed').error.code, 'edit_unconfirmed');
  });
  test(`never takes ${code} for a refusal when a change came and went`, () => {
    const next = reads(checking({ turn: refusedTurn(code), unchangedReads: 4 }), late, 'B', 'A', 'A');
    assert.equal(stateOf(next, 'failed').error.code, 'edit_unconfirmed');
  });
  test(`never takes ${code} for a refusal when nobody could look`, () => {
    const file = checking({ turn: refusedTurn(code) });
    const next = after(file, faulted(file, 'server_error'), overdue);
    assert.equal(stateOf(next, 'failed').error.code, 'edit_unconfirmed');
  });
}

test('goes to a new session when the checked one is lost, the turn closed as unknown', () => {
  const file = checking();
  const next = after(file, faulted(file, 'session_missing'));
  assert.equal(next.state.status, 'uploading');
  assert.deepEqual([next.session, next.applied, next.restarts, next.paidSessions], [null, 0, 1, 1]);
  assert.equal(next.steps[0]?.error?.code, 'session_lost');
});

test('keeps the pace of re-checks when a read fails', () => {
  const file = checking();
  const next = after(file, faulted(file, 'server_error'), t0 + 1000);
  assert.equal(stateOf(next, 'checking').due, t0 + 1000 + policy.editRecheckMs);
});

test('leaves out the wait after a fault that was not its own', () => {
  const file = checking();
  const mine = after(file, faulted(file, 'server_error'));
  assert.equal(stateOf(mine, 'checking').excludedMs, 0);
  const theirs = after(mine, faulted(mine, 'server_error', { othersSucceeded: false }));
  assert.equal(stateOf(theirs, 'checking').excludedMs, policy.editRecheckMs);
});

test('leaves out the time in which a rate limit paused the account', () => {
  const file = checking();
  const next = after(file, faulted(file, 'rate_limited', { until: t0 + 61_000 }), t0 + 1000);
  assert.equal(stateOf(next, 'checking').excludedMs, 60_000);
});

test('leaves out the time in which the account was closed', () => {
  const file = checking();
  const next = after(
    file,
    { type: 'account-closed', run: 1, reason: 'upstream', until: t0 + 5000, spread: 0 },
    t0 + 1000,
  );
  assert.equal(stateOf(next, 'checking').excludedMs, 4000);
});

test('ends unconfirmed when the file has to be given up while it is checked', () => {
  const tally = { counted: 5, limited: 5, since: t0, lastAt: t0, inRow: 5 };
  const file = checking({ tally });
  assert.equal(stateOf(after(file, faulted(file, 'rate_limited')), 'failed').error.code, 'edit_unconfirmed');
});

test('reads nothing into a check without a slot', () => {
  const file = checking({ place: 'held' });
  assert.equal(after(file, read(file, 'B')), file);
  assert.notEqual(editing().state.status, file.state.status);
});
