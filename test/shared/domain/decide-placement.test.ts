/** Admission, pause and parking (design §5 "In flight", "Pause", §6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextStep } from '../../../src/shared/domain/next-step.ts';
import {
  after,
  aFile,
  anEnd,
  aRender,
  aTurn,
  checking,
  completed,
  delivering,
  editing,
  parkedAt,
  rendering,
  session,
  stateOf,
  t0,
  uploading,
} from './records.ts';

const now = t0 + 1000;
const admitted = { type: 'admitted', session: null, lane: null } as const;
const laneSession = { ...session, id: 'ses-lane', paid: true };

test('starts a queued file at upload when it is admitted', () => {
  const next = after(aFile(), admitted, now);
  assert.deepEqual([next.state.status, next.startedAt, next.run], ['uploading', now, 1]);
});

test('starts a file of a lane in the session of that lane', () => {
  const next = after(aFile(), { ...admitted, session: laneSession, lane: 2 });
  assert.deepEqual([next.session, next.lane], [laneSession, 2]);
});

test('gives a waiting file its slot where it was', () => {
  const next = after(editing({ place: 'waiting', due: 0 }), admitted, now);
  assert.deepEqual([stateOf(next, 'editing').place, stateOf(next, 'editing').due, next.run], ['in', now, 2]);
});

test('starts a file no sooner than the account comes back from a pause, and says so', () => {
  const next = after(aFile(), { ...admitted, notBefore: now + 700 }, now);
  assert.deepEqual(
    [stateOf(next, 'uploading').due, stateOf(next, 'uploading').wait?.reason],
    [now + 700, 'rate_limit'],
  );
  const completedFile = completed();
  assert.equal(after(completedFile, { ...admitted, notBefore: now + 700 }, now), completedFile);
});

test('does not count the time that a turn was parked towards giving it up', () => {
  const file = parkedAt(checking({ due: t0 }));
  assert.equal(stateOf(after(file, { type: 'unparked' }, t0 + 5000), 'checking').excludedMs, 5000);
  assert.equal(stateOf(after(file, { type: 'unparked' }, t0 - 5000), 'checking').excludedMs, 0);
});

test('says when a file started that expired before it ever did', () => {
  assert.equal(after(uploading({ place: 'waiting' }, { startedAt: null }), admitted, now).startedAt, now);
  assert.equal(after(uploading({ place: 'waiting' }), admitted, now).startedAt, t0);
});

for (const file of [editing(), editing({ place: 'held' }), completed(), parkedAt(editing())]) {
  test(`does not admit a file that waits for nothing (${file.state.status})`, () => {
    assert.equal(after(file, admitted), file);
  });
}

test('starts a retried file of a lane in the session that the lane has by now', () => {
  const file = uploading({ place: 'waiting' }, { lane: 2, uploaded: 1 });
  const next = after(file, { ...admitted, session: laneSession, lane: 2 });
  assert.deepEqual([next.session, next.uploaded, next.lane], [laneSession, 0, 2]);
});

test('ends the step of the session that a file of a lane leaves', () => {
  const marked = after(uploading({}, { lane: 2 }), { type: 'upload-marked', run: 1, item: 0, videosBefore: 0 });
  const waiting = { ...marked, state: { ...stateOf(marked, 'uploading'), place: 'waiting' as const } };
  const next = after(waiting, { ...admitted, session: laneSession, lane: 2 }, now);
  assert.equal(next.steps[0]?.finishedAt, now);
});

test('goes on where it was when the session of the lane is still its own', () => {
  const mark = { item: 0, videosBefore: 0, misses: 0 };
  const file = uploading({ place: 'waiting', mark }, { lane: 2 });
  assert.deepEqual(stateOf(after(file, { ...admitted, session, lane: 2 }), 'uploading').mark, mark);
});

test('keeps a message out of the sessions of lanes', () => {
  const kept = {
    output: { url: null, renderId: 'r', durationMs: null, bytes: null },
    finishedAt: 1,
    instructions: 1,
    assets: 0,
  };
  const file = uploading({ place: 'waiting' }, { session: null, kept });
  const next = after(file, { ...admitted, session: laneSession, lane: 2 });
  assert.deepEqual([next.session, next.lane], [null, null]);
});

test('keeps an edit in its session whatever the lane has', () => {
  const next = after(editing({ place: 'waiting' }, { lane: 2 }), { ...admitted, session: laneSession, lane: 2 });
  assert.equal(next.session?.id, 'ses-1');
});

for (const file of [uploading(), editing(), rendering(), rendering({ render: aRender({ submitted: false }) })]) {
  test(`holds a file between two things to do (${file.state.status})`, () => {
    const next = after(file, { type: 'held', run: 1 });
    assert.equal('place' in next.state && next.state.place, 'held');
    assert.equal(nextStep(next, now), null);
  });
}

for (const [name, file] of [
  ['an upload that is under way', uploading({ mark: { item: 0, videosBefore: 0, misses: 0 } })],
  ['a turn that is open', editing({ turn: aTurn() })],
  ['a turn that settles', editing({ turn: aTurn({ end: anEnd() }) })],
  ['a turn that is checked', checking()],
  ['a render that is under way', rendering({ render: aRender() })],
  ['a delivery', delivering()],
  ['a file that waits', editing({ place: 'waiting' })],
  ['a file that has not started', aFile()],
] as const) {
  test(`lets a pause pass by ${name}`, () => {
    assert.equal(after(file, { type: 'held', run: file.run }), file);
  });
}

test('lists a held file again when it is released', () => {
  const next = after(editing({ place: 'held' }), { type: 'released' });
  assert.equal(stateOf(next, 'editing').place, 'waiting');
  for (const file of [editing(), aFile()]) assert.equal(after(file, { type: 'released' }), file);
});

test('parks a file at work, and only that', () => {
  const file = uploading();
  const state = stateOf(after(file, { type: 'parked', run: 1, reason: 'max_credits' }), 'parked');
  assert.deepEqual([state.reason, state.at], ['max_credits', file.state]);
  assert.equal(after(aFile(), { type: 'parked', run: 0, reason: 'max_credits' }).state.status, 'queued');
});

for (const file of [uploading(), editing(), checking(), rendering(), delivering()]) {
  test(`brings a parked file back to where it was (${file.state.status})`, () => {
    const next = after(parkedAt(file), { type: 'unparked' });
    assert.equal(next.state.status, file.state.status);
    assert.equal('place' in next.state && next.state.place, 'waiting');
  });
}

test('un-parks only what is parked', () => {
  assert.equal(after(completed(), { type: 'unparked' }).state.status, 'completed');
});
