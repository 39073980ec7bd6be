/** A turn is sent once (design §4 "A turn", upstream rules 2 and 8). Settling and checking have files of their own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import {
  after,
  aFault,
  aFile,
  anEnd,
  aRead,
  aTurn,
  checking,
  editing,
  paidSession,
  policy,
  stateOf,
  t0,
  uploading,
} from './records.ts';

const send = (file: FileRecord, turnId = 'turn-1', fingerprint = 'A'): FileEvent => ({
  type: 'turn-sent',
  run: file.run,
  turnId,
  read: aRead(fingerprint, { generatedMedia: 2 }),
});
const end = (changes: Partial<Extract<FileEvent, { type: 'turn-ended' }>> = {}): FileEvent => ({
  type: 'turn-ended',
  turnId: 'turn-1',
  seen: true,
  reply: '',
  tools: [],
  error: null,
  ...changes,
});
const notTaken = (code: string | null, turnId = 'turn-1'): FileEvent => ({
  type: 'turn-not-taken',
  turnId,
  fault: code === null ? null : aFault(code),
});

test('stores turn id, fingerprint and time before the turn leaves, within the run', () => {
  const next = after(editing(), send(editing()));
  assert.deepEqual(stateOf(next, 'editing').turn, aTurn({ sentAt: t0 + 1000, mediaBefore: 2 }));
  assert.equal(next.run, 1);
});

test('counts the first turn of a session as the one that is paid', () => {
  const next = after(editing(), send(editing()));
  assert.deepEqual([next.paidSessions, next.session?.paid], [1, true]);
});

test('pays a session once, however many turns it takes', () => {
  const file = editing({}, { session: paidSession, paidSessions: 1 });
  const next = after(file, send(file));
  assert.deepEqual([next.paidSessions, stateOf(next, 'editing').turn?.pays], [1, false]);
});

for (const [name, file] of [
  ['while an earlier one is open', editing({ turn: aTurn() })],
  ['while an earlier one settles', editing({ turn: aTurn({ end: anEnd() }) })],
  ['while an earlier one is checked', checking()],
  ['while a late change settles', editing({ settle: { last: 'A', unequal: 0, unchanged: 0 } })],
  ['without a slot', editing({ place: 'held' })],
  ['when nothing is left to apply', editing({}, { applied: 2 })],
  ['on a state that differs from the settled one', editing({}, { settled: 'Z' })],
  ['without a session', editing({}, { session: null })],
  ['on a file that does not edit', aFile()],
] as const) {
  test(`never sends a turn ${name}`, () => {
    assert.equal(after(file, send(file)), file);
  });
}

test('sends on the state that the last turn settled to', () => {
  const file = editing({}, { settled: 'A', applied: 1 });
  assert.equal(stateOf(after(file, send(file)), 'editing').turn?.id, 'turn-1');
});

test('saves the end of a stream and reads on at once', () => {
  const next = after(editing({ turn: aTurn() }), end({ reply: 'done', tools: ['edit_multitrack'] }));
  const state = stateOf(next, 'editing');
  assert.deepEqual(state.turn?.end, { seen: true, at: t0 + 1000, reply: 'done', tools: ['edit_multitrack'] });
  assert.deepEqual([state.due, next.run, next.steps[0]?.reply], [t0 + 1000, 2, 'done']);
});

test('keeps a reply for people, without instructions for a screen that they do not have', () => {
  const spoken = after(
    editing({ turn: aTurn() }),
    end({ reply: 'The logo is in the corner. Click Export to download.' }),
  );
  assert.equal(spoken.steps[0]?.reply, 'The logo is in the corner.');
  const screenOnly = after(editing({ turn: aTurn() }), end({ reply: 'Click the Export button.' }));
  assert.equal(screenOnly.steps[0]?.reply, undefined);
  assert.equal(stateOf(screenOnly, 'editing').turn?.end?.reply, 'Click the Export button.', 'an answer all the same');
});

test('leaves the step without a reply where the turn gave none', () => {
  assert.equal(after(editing({ turn: aTurn() }), end()).steps[0]?.reply, undefined);
});

test('takes the end of a turn from whichever run saw it, without a slot too', () => {
  const file = editing({ turn: aTurn(), place: 'held' }, { run: 77 });
  const state = stateOf(after(file, end()), 'editing');
  assert.deepEqual([state.turn?.end?.seen, state.place], [true, 'held']);
});

for (const [name, changes] of [
  ['a stream that was cut', { seen: false }],
  ['an error event in the stream', { error: { code: 'server_error', upstreamCode: 500, detail: '' } }],
] as const) {
  test(`checks after ${name}`, () => {
    const next = after(editing({ turn: aTurn() }), end(changes));
    const state = stateOf(next, 'checking');
    assert.equal(state.due, t0 + 1000 + policy.editRecheckFirstMs);
    assert.equal(state.wait?.detail, 're-check 1 of 5');
  });
}

test('keeps the code of an error event for when the state stays unchanged', () => {
  const error = { code: 'rate_limited', upstreamCode: 429, detail: '' };
  const { turn } = stateOf(after(editing({ turn: aTurn() }), end({ error })), 'checking');
  assert.deepEqual([turn.errorCode, turn.upstreamCode], ['rate_limited', 429]);
});

test('checks a turn that a run finds sent and without an end', () => {
  const file = editing({ turn: aTurn(), crashes: 1 });
  const state = stateOf(after(file, { type: 'turn-found-open', run: 1 }), 'checking');
  assert.deepEqual([state.turn, state.crashes], [aTurn(), 0]);
});

for (const [name, file] of [
  ['is not there', editing()],
  ['has ended', editing({ turn: aTurn({ end: anEnd() }) })],
  ['a retry looks at', editing({ turn: aTurn(), lookFirst: true })],
  ['is checked already', checking()],
] as const) {
  test(`does not find a turn open that ${name}`, () => {
    assert.equal(after(file, { type: 'turn-found-open', run: 1 }), file);
  });
}

test('goes back to settling when the end of a checked turn is seen after all', () => {
  const next = after(checking({ unchangedReads: 2 }), end({ reply: 'late' }));
  assert.equal(stateOf(next, 'editing').turn?.end?.reply, 'late');
});

test('keeps the count of re-checks when a checked turn turns out to be cut', () => {
  const state = stateOf(after(checking({ unchangedReads: 2, excludedMs: 7 }), end({ seen: false })), 'checking');
  assert.deepEqual([state.unchangedReads, state.excludedMs, state.wait?.detail], [2, 7, 're-check 3 of 5']);
});

for (const [name, file] of [
  ['editing', editing({ turn: aTurn({ end: anEnd() }) })],
  ['checking', checking({ turn: aTurn({ end: anEnd('', [], false) }) })],
] as const) {
  test(`believes the first word on a turn's end (${name})`, () => {
    assert.equal(after(file, end({ reply: 'again' })), file);
    assert.equal(after(file, notTaken('rate_limited')), file);
  });
}

test('ignores the end of a turn that is not the present one', () => {
  for (const file of [editing(), editing({ turn: aTurn() }), checking()]) {
    assert.equal(after(file, end({ turnId: 'other' })), file);
    assert.equal(after(file, notTaken(null, 'other')), file);
  }
});

test('ignores the end of a turn whose session has been given up', () => {
  const file = uploading({}, { session: null });
  assert.equal(after(file, end()), file);
  assert.equal(after(file, notTaken('rate_limited')), file);
});

test('clears a turn that never left and refunds the session', () => {
  const next = after(editing({ turn: aTurn() }), notTaken(null));
  assert.deepEqual([stateOf(next, 'editing').turn, next.paidSessions, next.session?.paid], [null, 0, false]);
  assert.equal(next.run, 2);
});

test('leaves a session paid when a later turn of it is refused', () => {
  const next = after(editing({ turn: aTurn({ pays: false }) }), notTaken(null));
  assert.deepEqual([next.paidSessions, next.session?.paid], [1, true]);
});

for (const [code, status] of [
  ['rate_limited', 'editing'],
  ['token_invalid', 'parked'],
  ['session_missing', 'uploading'],
  ['out_of_credits', 'parked'],
  ['export_blocked', 'failed'],
  ['forbidden', 'failed'],
  ['connect_failed', 'editing'],
] as const) {
  test(`clears a turn refused with ${code} in the save that reacts to it`, () => {
    for (const file of [editing({ turn: aTurn() }), checking()]) {
      const next = after(file, notTaken(code));
      assert.equal(next.state.status, status);
      assert.equal(next.paidSessions, 0);
      assert.doesNotMatch(JSON.stringify(next.state), /turn-1/);
    }
  });
}
