/** Faults (design §5 "Whose fault", §4 "Who repeats what"): what a failed call costs the file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import { errorCodes } from '../../../src/shared/domain/error-codes.ts';
import { faultCodes, reactionTo } from '../../../src/shared/domain/reactions.ts';
import {
  after,
  aFile,
  aRender,
  aTurn,
  checking,
  completed,
  delivering,
  editing,
  faulted,
  policy,
  rendering,
  stateOf,
  t0,
  uploading,
} from './records.ts';

const now = t0 + 1000;
const minute = 60_000;
const tallyOf = (file: FileRecord) => ('tally' in file.state ? file.state.tally : null);

for (const [code, reaction, error] of [
  ['token_invalid', 'park', 'token_invalid'],
  ['session_missing', 'new-session', 'session_lost'],
  ['out_of_credits', 'park', 'out_of_credits'],
  ['unsupported_file_type', 'fail', 'unsupported_file_type'],
  ['file_too_large', 'fail', 'file_too_large'],
  ['source_unreachable', 'fail', 'source_unreachable'],
  ['export_blocked', 'fail', 'export_blocked'],
  ['forbidden', 'fail', 'forbidden'],
  ['rate_limited', 'wait-out-limit', 'rate_limited'],
  ['client_id_missing', 'back-off', 'upstream_unavailable'],
  ['duplicate_render', 'none', 'render_failed'],
  ['not_found', 'back-off', 'upstream_unavailable'],
  ['session_unconfirmed', 'back-off', 'upstream_unavailable'],
  ['rejected', 'back-off', 'upstream_unavailable'],
  ['server_error', 'back-off', 'upstream_unavailable'],
  ['connect_failed', 'back-off', 'upstream_unavailable'],
  ['connection_lost', 'back-off', 'upstream_unavailable'],
  ['timed_out', 'back-off', 'upstream_unavailable'],
  ['destination_failed', 'back-off', 'delivery_failed'],
  ['aborted', 'none', 'upstream_unavailable'],
  ['a code from the future', 'back-off', 'upstream_unavailable'],
  ['constructor', 'back-off', 'upstream_unavailable'],
] as const) {
  test(`reacts to ${code} with ${reaction}`, () => {
    const row = reactionTo(code);
    assert.deepEqual([row.reaction, row.error], [reaction, error]);
  });
}

test('has a row for each fault, ending in a code of the contract', () => {
  assert.equal(faultCodes.length, 20);
  for (const code of faultCodes) assert.ok(errorCodes.includes(reactionTo(code).error));
});

for (const [code, error] of [
  ['unsupported_file_type', 'unsupported_file_type'],
  ['file_too_large', 'file_too_large'],
  ['export_blocked', 'export_blocked'],
  ['forbidden', 'forbidden'],
] as const) {
  test(`fails at once on ${code}, whoever else succeeds`, () => {
    const file = uploading();
    const next = after(file, faulted(file, code, { othersSucceeded: false }));
    assert.equal(stateOf(next, 'failed').error.code, error);
  });
}

for (const [code, reason] of [
  ['out_of_credits', 'out_of_credits'],
  ['token_invalid', 'token_invalid'],
] as const) {
  test(`parks on ${code}, where it was`, () => {
    const file = editing();
    const state = stateOf(after(file, faulted(file, code)), 'parked');
    assert.deepEqual([state.reason, state.at], [reason, file.state]);
  });
}

test('plans the run again at once after its own abort', () => {
  const file = rendering();
  const next = after(file, faulted(file, 'aborted'), now);
  assert.deepEqual([next.run, stateOf(next, 'rendering').due], [2, now]);
});

for (const file of [uploading(), editing(), checking(), rendering()]) {
  test(`starts again from upload when the session is lost while ${file.state.status}`, () => {
    const next = after(file, faulted(file, 'session_missing'));
    assert.equal(stateOf(next, 'uploading').place, 'in');
    assert.deepEqual(
      [next.session, next.uploaded, next.applied, next.settled, next.draftStored, next.restarts],
      [null, 0, 0, null, false, 1],
    );
  });
}

test('waits for a slot when the session is lost while delivering, which has none', () => {
  const file = delivering();
  assert.equal(stateOf(after(file, faulted(file, 'session_missing')), 'uploading').place, 'waiting');
});

test('takes three new sessions, then calls the session lost', () => {
  const third = editing({}, { restarts: 2 });
  assert.equal(after(third, faulted(third, 'session_missing')).restarts, 3);
  const fourth = editing({}, { restarts: 3 });
  assert.equal(stateOf(after(fourth, faulted(fourth, 'session_missing')), 'failed').error.code, 'session_lost');
});

test('waits out a rate limit, spread over a third of the wait', () => {
  const file = editing();
  const next = after(file, faulted(file, 'rate_limited', { until: t0 + minute, spread: 0.5 }), now);
  const state = stateOf(next, 'editing');
  assert.deepEqual([state.due, state.wait], [t0 + minute + 5_000, { reason: 'rate_limit', detail: null }]);
});

test('waits the default time for a rate limit that names none, and no time for one that has passed', () => {
  const file = editing();
  assert.equal(stateOf(after(file, faulted(file, 'rate_limited'), now), 'editing').due, now + policy.rateLimitWaitMs);
  assert.equal(stateOf(after(file, faulted(file, 'rate_limited', { until: t0 - 5 }), now), 'editing').due, now);
});

function repeat(file: FileRecord, times: number, code: string, othersSucceeded: boolean, at = now): FileRecord {
  let next = file;
  for (let n = 0; n < times; n += 1) next = after(next, faulted(next, code, { othersSucceeded }), at);
  return next;
}

test('gives up after six rate limits of its own', () => {
  assert.equal(repeat(editing(), 5, 'rate_limited', true).state.status, 'editing');
  assert.equal(stateOf(repeat(editing(), 6, 'rate_limited', true), 'failed').error.code, 'rate_limited');
});

test('never gives up on rate limits that hit the whole account', () => {
  assert.equal(repeat(editing(), 50, 'rate_limited', false).state.status, 'editing');
});

test('does not count other faults towards the limit of rate limits', () => {
  const file = repeat(editing(), 5, 'server_error', true);
  assert.equal(after(file, faulted(file, 'rate_limited')).state.status, 'editing');
});

test('doubles the back-off from a second up to five minutes', () => {
  const dues: number[] = [];
  let file = editing();
  for (let n = 0; n < 11; n += 1) {
    file = after(file, faulted(file, 'server_error'), now);
    dues.push((stateOf(file, 'editing').due - now) / 1000);
  }
  assert.deepEqual(dues, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

test('starts the back-off no higher than the wait for a rate limit', () => {
  const file = editing();
  const next = after(file, faulted(file, 'server_error'), now, { ...policy, rateLimitWaitMs: 50 });
  assert.equal(stateOf(next, 'editing').due, now + 50);
});

test('keeps the pace of polls, and does not count a failed poll', () => {
  const file = rendering({ render: aRender({ polls: 4 }) });
  const state = stateOf(repeat(file, 3, 'timed_out', true), 'rendering');
  assert.deepEqual([state.due, state.render?.polls], [now + policy.renderPollMs, 4]);
});

test('backs off from a second when it is the submission of a render that fails', () => {
  const file = rendering({ render: aRender({ submitted: false }) });
  assert.equal(stateOf(after(file, faulted(file, 'server_error'), now), 'rendering').due, now + 1000);
});

test('calls it a failed delivery when a destination is given up', () => {
  const first = after(delivering(), faulted(delivering(), 'connection_lost'), now);
  const { error } = stateOf(after(first, faulted(first, 'connection_lost'), now + policy.upstreamGiveUpMs), 'failed');
  assert.deepEqual([error.code, error.step], ['delivery_failed', 'deliver']);
  const refused = after(delivering(), faulted(delivering(), 'destination_failed'), now);
  const later = now + policy.upstreamGiveUpMs;
  const told = stateOf(after(refused, faulted(refused, 'destination_failed'), later), 'failed').error;
  assert.match(told.message, /Retry with a fresh destination URL\.$/);
  assert.notEqual(told.message, error.message);
});

test('gives up when counted faults span the time that the upstream is given', () => {
  const first = after(editing(), faulted(editing(), 'server_error'), now);
  assert.equal(after(first, faulted(first, 'server_error'), now + policy.upstreamGiveUpMs - 1).state.status, 'editing');
  const { error } = stateOf(after(first, faulted(first, 'server_error'), now + policy.upstreamGiveUpMs), 'failed');
  assert.equal(error.code, 'upstream_unavailable');
});

test('does not give up on a fault that hits everybody, however long ago the first one was', () => {
  const first = after(editing(), faulted(editing(), 'server_error'), now);
  const next = after(first, faulted(first, 'server_error', { othersSucceeded: false }), now + policy.upstreamGiveUpMs);
  assert.equal(next.state.status, 'editing');
});

test('leaves an outage of everybody out of the time that a file is given', () => {
  const first = after(editing(), faulted(editing(), 'server_error'), now);
  const down = after(first, faulted(first, 'server_error', { othersSucceeded: false }), now + policy.upstreamGiveUpMs);
  const back = after(down, faulted(down, 'server_error'), now + policy.upstreamGiveUpMs + minute);
  assert.equal(back.state.status, 'editing');
});

test('leaves a closed account out of the time that a file is given', () => {
  const first = after(editing(), faulted(editing(), 'server_error'), now);
  const until = now + policy.upstreamGiveUpMs;
  const closed = after(first, { type: 'account-closed', run: first.run, reason: 'upstream', until, spread: 0 }, now);
  assert.equal(after(closed, faulted(closed, 'server_error'), until).state.status, 'editing');
});

test('counts a verdict that nobody has named whoever else succeeds', () => {
  const file = editing();
  assert.equal(tallyOf(after(file, faulted(file, 'rejected', { othersSucceeded: false })))?.counted, 1);
  assert.equal(tallyOf(after(file, faulted(file, 'timed_out', { othersSucceeded: false })))?.counted, 0);
});

test('burns nothing while the account is closed', () => {
  const tally = { counted: 2, limited: 2, since: t0, lastAt: t0, inRow: 2 };
  const file = editing({ tally, crashes: 2 });
  const closed = { type: 'account-closed', run: 1, reason: 'rate_limit', until: t0 + minute, spread: 1 } as const;
  const state = stateOf(after(file, closed, now), 'editing');
  assert.deepEqual([state.due, state.wait?.reason, state.crashes], [t0 + minute + 10_000, 'rate_limit', 0]);
  assert.deepEqual([state.tally?.counted, state.tally?.limited], [2, 2]);
});

test('plans at once when the pause has passed by the time it is told', () => {
  const file = uploading();
  const closed = { type: 'account-closed', run: 1, reason: 'upstream', until: 0, spread: 0 } as const;
  assert.equal(stateOf(after(file, closed, now), 'uploading').due, now);
});

test('fails with the code that a step refuses with', () => {
  const refused = { type: 'step-refused', run: 1, code: 'source_unreachable', detail: 'HTTP 404' } as const;
  const { error } = stateOf(after(uploading(), refused), 'failed');
  assert.deepEqual([error.code, error.message], ['source_unreachable', 'HTTP 404']);
});

test('counts crashes within the run and poisons on the fifth', () => {
  let file = rendering();
  for (let n = 1; n < 5; n += 1) {
    file = after(file, { type: 'crashed', run: 1 });
    assert.deepEqual([stateOf(file, 'rendering').crashes, file.run], [n, 1]);
  }
  assert.equal(stateOf(after(file, { type: 'crashed', run: 1 }), 'failed').error.code, 'poisoned');
});

test('forgets crashes at the next outcome', () => {
  const file = rendering({ crashes: 4, render: aRender() });
  const next = after(file, { type: 'render-going-on', run: 1, progress: null });
  assert.equal(stateOf(next, 'rendering').crashes, 0);
});

test('ignores faults of a file that does nothing, and of a run that has passed', () => {
  for (const file of [aFile(), completed()]) assert.equal(after(file, faulted(file, 'forbidden')), file);
  const file = editing({ turn: aTurn() });
  assert.equal(after(file, { ...faulted(file, 'forbidden'), run: 0 } as ReturnType<typeof faulted>), file);
});
