/** Upload: design §4 "upload". Each call is marked before it leaves; nothing lands twice in one session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import { after, aFile, faulted, logo, paidSession, policy, session, stateOf, t0, uploading } from './records.ts';

const mark = { item: 0, videosBefore: 0, misses: 0 };
const lookedFor = (run: number, found: boolean): FileEvent => ({ type: 'upload-looked-for', run, item: 0, found });

test('marks the source in the save that stores a new session', () => {
  const file = uploading({}, { session: null });
  const next = after(file, { type: 'session-created', run: 1, session });
  assert.deepEqual(next.session, session);
  assert.deepEqual(stateOf(next, 'uploading').mark, mark);
  assert.equal(next.run, file.run);
});

test('keeps its session when a second one is reported', () => {
  const file = uploading();
  assert.equal(after(file, { type: 'session-created', run: 1, session: { ...session, id: 'ses-2' } }), file);
});

test('marks a call before it leaves, within the run', () => {
  const next = after(uploading(), { type: 'upload-marked', run: 1, item: 0, videosBefore: 3 });
  assert.deepEqual(stateOf(next, 'uploading').mark, { item: 0, videosBefore: 3, misses: 0 });
  assert.equal(next.run, 1);
});

for (const [name, file] of [
  ['without a session', uploading({}, { session: null })],
  ['of another item than the next', uploading({}, { uploaded: 1 })],
  ['over a mark that stands', uploading({ mark })],
  ['without a slot', uploading({ place: 'waiting' })],
] as const) {
  test(`refuses a mark ${name}`, () => {
    assert.equal(after(file, { type: 'upload-marked', run: 1, item: 0, videosBefore: 0 }), file);
  });
}

test('goes on to the edit when the last item has landed', () => {
  const next = after(uploading({ mark }), { type: 'uploaded', run: 1, item: 0 });
  assert.equal(stateOf(next, 'editing').turn, null);
  assert.deepEqual([next.uploaded, next.run], [1, 2]);
});

test('stays in the run while assets are still to go', () => {
  const next = after(uploading({ mark, crashes: 1 }, { assets: [logo] }), { type: 'uploaded', run: 1, item: 0 });
  assert.deepEqual([stateOf(next, 'uploading').mark, next.uploaded, next.run], [null, 1, 1]);
  assert.equal(stateOf(next, 'uploading').crashes, 0);
});

test('counts the source and its assets as one attempt', () => {
  const events: FileEvent[] = [
    { type: 'upload-marked', run: 1, item: 0, videosBefore: 0 },
    { type: 'uploaded', run: 1, item: 0 },
    { type: 'upload-marked', run: 1, item: 1, videosBefore: 1 },
    { type: 'uploaded', run: 1, item: 1 },
  ];
  const next = events.reduce((file, event) => after(file, event), uploading({}, { assets: [logo] }));
  assert.deepEqual(next.steps, [
    {
      step: 'upload',
      instruction: null,
      sessionId: 'ses-1',
      attempts: 1,
      startedAt: t0 + 1000,
      finishedAt: t0 + 1000,
    },
  ]);
});

test('counts a repeated call as another attempt', () => {
  const marked = after(uploading(), { type: 'upload-marked', run: 1, item: 0, videosBefore: 0 });
  const refused = after(marked, faulted(marked, 'rate_limited', { markedCall: true }));
  const again = after(refused, { type: 'upload-marked', run: refused.run, item: 0, videosBefore: 0 });
  assert.equal(again.steps[0]?.attempts, 2);
});

test('ignores the landing of an item that was not marked', () => {
  const file = uploading();
  assert.equal(after(file, { type: 'uploaded', run: 1, item: 0 }), file);
  assert.equal(after(file, lookedFor(1, true)), file);
});

test('takes an upload that the look finds as landed', () => {
  assert.equal(after(uploading({ mark }), lookedFor(1, true)).state.status, 'editing');
});

test('takes a new session when the look does not find the upload', () => {
  const next = after(uploading({ mark }), lookedFor(1, false));
  assert.deepEqual([next.session, next.uploaded, next.restarts], [null, 0, 0]);
  const { mark: left, due } = stateOf(next, 'uploading');
  assert.deepEqual([left, due], [null, t0 + 1000]);
});

test('gives up on uploads that are taken and never listed, when failing calls would be given up', () => {
  const since = t0 + 1000 - policy.upstreamGiveUpMs;
  const tally = { counted: 9, limited: 0, since: since + 1, lastAt: t0, inRow: 2 };
  const again = stateOf(after(uploading({ mark, tally }), lookedFor(1, false)), 'uploading');
  assert.deepEqual([again.tally?.counted, again.due], [10, t0 + 1000 + 4000]);
  for (const changes of [{}, { session: paidSession }]) {
    const last = uploading({ mark: { ...mark, misses: 1 }, tally: { ...tally, since } }, changes);
    assert.equal(stateOf(after(last, lookedFor(1, false)), 'failed').error.code, 'upstream_unavailable');
  }
});

test('needs no look where the account was paused before the marked upload left', () => {
  const closed = { type: 'account-closed', run: 1, reason: 'rate_limit', until: t0 + 5000, spread: 0 } as const;
  assert.equal(stateOf(after(uploading({ mark }), { ...closed, markedCall: true }), 'uploading').mark, null);
  assert.deepEqual(stateOf(after(uploading({ mark }), { ...closed, markedCall: false }), 'uploading').mark, mark);
});

test('ends the step of the session that it leaves', () => {
  const marked = after(uploading(), { type: 'upload-marked', run: 1, item: 0, videosBefore: 0 });
  assert.notEqual(after(marked, lookedFor(1, false)).steps[0]?.finishedAt, null);
});

for (const [name, changes] of [
  ['in a lane', { lane: 0 }],
  ['in a session that is paid', { session: paidSession }],
] as const) {
  test(`looks twice ${name} before it uploads again`, () => {
    const first = after(uploading({ mark }, changes), lookedFor(1, false));
    assert.deepEqual(stateOf(first, 'uploading').mark, { ...mark, misses: 1 });
    assert.equal(stateOf(first, 'uploading').due, t0 + 1000 + policy.editRecheckFirstMs);
    const second = after(first, lookedFor(2, false));
    assert.equal(stateOf(second, 'uploading').mark, null);
    assert.equal(second.session?.id, 'ses-1');
  });
}

test('gives up on an upload that keeps failing in new sessions', () => {
  const give = { counted: 3, limited: 0, since: t0, lastAt: t0, inRow: 3 };
  const next = after(uploading({ mark, tally: give, crashes: 3 }), lookedFor(1, false));
  const { tally, crashes } = stateOf(next, 'uploading');
  assert.deepEqual([tally?.since, tally?.counted, crashes], [t0, 4, 3]);
});

test('finishes a message of assets alone with the output it had', () => {
  const kept = {
    output: { url: null, renderId: 'r', durationMs: null, bytes: null },
    finishedAt: 5,
    instructions: 2,
    assets: 0,
  };
  const file = uploading({ mark: { ...mark, item: 1 } }, { uploaded: 1, assets: [logo], applied: 2, kept });
  const next = after(file, { type: 'uploaded', run: 1, item: 1 });
  assert.deepEqual(next.state, { status: 'completed', output: kept.output, finishedAt: 5 });
  assert.equal(next.kept, null);
});

for (const code of ['connection_lost', 'timed_out', 'server_error', 'aborted']) {
  test(`keeps the mark after ${code}: the upload may have arrived`, () => {
    const file = uploading({ mark });
    assert.deepEqual(stateOf(after(file, faulted(file, code, { markedCall: true })), 'uploading').mark, mark);
  });
}

for (const code of ['connect_failed', 'rate_limited', 'rejected']) {
  test(`clears the mark when ${code} says that the upload was not taken`, () => {
    const file = uploading({ mark });
    assert.equal(stateOf(after(file, faulted(file, code, { markedCall: true })), 'uploading').mark, null);
  });
  test(`keeps the mark when ${code} meets the look, not the upload`, () => {
    const file = uploading({ mark });
    assert.deepEqual(stateOf(after(file, faulted(file, code)), 'uploading').mark, mark);
  });
}

test('ignores upload events of a file that does not upload', () => {
  const file = aFile();
  assert.equal(after(file, { type: 'uploaded', run: 0, item: 0 }), file);
});
