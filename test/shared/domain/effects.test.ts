/** What a save moves along with the record, and what must be in flight for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchStatus, countStatuses, endOf, isFinal, type BatchProgress } from '../../../src/shared/domain/batch.ts';
import { effectsOf } from '../../../src/shared/domain/effects.ts';
import { fileStatuses } from '../../../src/shared/domain/file-state.ts';
import { nextStep } from '../../../src/shared/domain/next-step.ts';
import {
  aFile,
  checking,
  completed,
  delivering,
  editing,
  failedAt,
  output,
  paidSession,
  parkedAt,
  rendering,
  session,
  t0,
  uploading,
} from './records.ts';

for (const [file, inFlight] of [
  [aFile(), false],
  [uploading(), true],
  [editing(), true],
  [checking(), true],
  [rendering(), true],
  [delivering(), false],
  [parkedAt(editing()), false],
  [editing({ place: 'waiting' }), false],
  [editing({ place: 'held' }), false],
  [completed(), false],
  [failedAt(editing()), false],
] as const) {
  test(`says whether a file in ${JSON.stringify(file.state).slice(0, 50)} is in flight`, () => {
    assert.equal(effectsOf(file, file).inFlight, inFlight);
  });
}

for (const [before, after, joins] of [
  [editing(), editing({ place: 'waiting' }), 'batch'],
  [failedAt(rendering()), rendering({ place: 'waiting' }), 'free'],
  [failedAt(delivering()), delivering({ place: 'waiting' }), 'free'],
  [editing({ place: 'waiting' }), editing({ place: 'waiting' }), null],
  [editing({ place: 'waiting' }), editing(), null],
] as const) {
  test(`joins ${String(joins)} from ${before.state.status} to ${after.state.status}`, () => {
    assert.equal(effectsOf(before, after).joins, joins);
  });
}

for (const [name, file, awaits] of [
  ['without a session', uploading({}, { session: null }), true],
  ['in the session of its lane', uploading({}, { lane: 1 }), true],
  ['whose first upload is under way', uploading({ mark: { item: 0, videosBefore: 0, misses: 0 } }), false],
  ['whose source is there', uploading({}, { uploaded: 1 }), false],
  ['that is not admitted', uploading({ place: 'waiting' }, { session: null }), false],
  ['that edits', editing(), false],
] as const) {
  test(`counts a file ${name} as ${awaits ? '' : 'not '}waiting for its first upload`, () => {
    assert.equal(effectsOf(file, file).awaitsUpload, awaits);
  });
}

test('tells when a file has ended, once', () => {
  assert.equal(effectsOf(editing(), completed()).ended, true);
  assert.equal(effectsOf(completed(), completed()).ended, false);
  assert.equal(effectsOf(editing(), editing()).ended, false);
});

test('shows a new run and a new status, not a save inside a run', () => {
  assert.equal(effectsOf(editing(), editing()).visible, false);
  assert.equal(effectsOf(editing(), editing({}, { run: 2 })).visible, true);
  assert.equal(effectsOf(editing(), rendering()).visible, true);
});

test('tells the difference in paid sessions', () => {
  assert.equal(effectsOf(rendering(), editing()).paidDelta, -1);
});

test('names the next step by file and run', () => {
  assert.deepEqual(nextStep(checking({ due: t0 + 7 }), t0), { step: 'edit', delayMs: 7, id: 'fil_1-1' });
  assert.equal(nextStep(delivering({ due: t0 - 7 }), t0)?.delayMs, 0);
});

for (const file of [
  aFile(),
  editing({ place: 'held' }),
  editing({ place: 'waiting' }),
  parkedAt(editing()),
  completed(),
]) {
  test(`runs nothing for ${JSON.stringify(file.state).slice(0, 50)}`, () => {
    assert.equal(nextStep(file, t0), null);
    assert.equal(effectsOf(file, file).due, null);
  });
}

const batch = (changes: Partial<BatchProgress> = {}): BatchProgress => ({
  round: 2,
  closed: false,
  paused: false,
  canceledRound: 0,
  blocked: null,
  counts: countStatuses(['queued', 'editing']),
  ...changes,
});

for (const [status, changes] of [
  ['queued', { counts: countStatuses(['queued', 'queued']) }],
  ['processing', {}],
  ['paused', { paused: true, blocked: { reason: 'max_credits', helpUrl: null } }],
  ['blocked', { blocked: { reason: 'max_credits', helpUrl: null } }],
  ['canceling', { canceledRound: 2, paused: true }],
  ['canceled', { canceledRound: 2, closed: true }],
  ['completed', { closed: true, counts: countStatuses(['completed', 'failed']), canceledRound: 1 }],
  ['failed', { closed: true, counts: countStatuses(['failed', 'failed']) }],
] as const) {
  test(`calls a batch ${status}`, () => {
    assert.equal(batchStatus(batch(changes)), status);
  });
}

test('ends canceled after a cancel of this round alone', () => {
  assert.equal(endOf(batch({ canceledRound: 2, counts: countStatuses(['completed']) })), 'canceled');
  assert.equal(endOf(batch({ canceledRound: 1, counts: countStatuses(['completed']) })), 'completed');
});

test('counts every status', () => {
  const counts = countStatuses(fileStatuses);
  assert.equal(counts.total, fileStatuses.length);
  for (const status of fileStatuses) assert.equal(counts[status], 1);
});

test('takes completed, failed and canceled for final', () => {
  assert.deepEqual(fileStatuses.filter(isFinal), ['completed', 'failed', 'canceled']);
});

const inLane = { lane: 2, laneHeld: true, session } as const;
const leftLane = { ...inLane, laneHeld: false } as const;
const lostSession = failedAt(uploading({}, { ...leftLane, session: null }), 'session_lost');

for (const [name, before, after, lane] of [
  ['nothing for a file without a lane', editing(), editing(), null],
  ['nothing while a file goes on in its lane', editing({}, inLane), rendering({}, inLane), null],
  [
    'the session that a file has made in its lane',
    uploading({}, { ...inLane, session: null }),
    uploading({}, inLane),
    {
      lane: 2,
      release: false,
      session,
    },
  ],
  [
    'that the session is paid now',
    editing({}, inLane),
    editing({}, { ...inLane, session: paidSession }),
    {
      lane: 2,
      release: false,
      session: paidSession,
    },
  ],
  [
    'that a lost session is gone, the lane still held',
    editing({}, inLane),
    uploading({}, { ...inLane, session: null }),
    {
      lane: 2,
      release: false,
      session: null,
    },
  ],
  [
    'the lane with its session when a file has left rendering',
    rendering({}, inLane),
    aFile(completed().state, leftLane),
    {
      lane: 2,
      release: true,
    },
  ],
  [
    'the lane with its session when a render fails',
    rendering({}, inLane),
    aFile(failedAt(rendering()).state, leftLane),
    {
      lane: 2,
      release: true,
    },
  ],
  [
    'the lane without a session when an edit fails',
    editing({}, inLane),
    aFile(failedAt(editing()).state, leftLane),
    {
      lane: 2,
      release: true,
      session: null,
    },
  ],
  [
    'the lane without a session when an edit is canceled',
    checking({}, inLane),
    aFile({ status: 'canceled', finishedAt: t0 }, leftLane),
    {
      lane: 2,
      release: true,
      session: null,
    },
  ],
  [
    'the lane without a session when a file parked at an edit is canceled',
    aFile(parkedAt(editing()).state, inLane),
    aFile({ status: 'canceled', finishedAt: t0 }, leftLane),
    {
      lane: 2,
      release: true,
      session: null,
    },
  ],
  [
    'the lane without a session when that was lost for good',
    uploading({}, inLane),
    aFile(lostSession.state, leftLane),
    {
      lane: 2,
      release: true,
      session: null,
    },
  ],
  [
    'the lane that a file takes with its admission',
    aFile(),
    uploading({}, inLane),
    { lane: 2, release: false, session },
  ],
] as const) {
  test(`tells the lane: ${name}`, () => {
    assert.deepEqual(effectsOf(before, after).lane, lane);
  });
}

test('lists a file that was retried at an edit last in its lanes, a message of it first', () => {
  const retried = uploading({ place: 'waiting' }, { lane: null });
  const before = aFile(failedAt(editing()).state, leftLane);
  assert.equal(effectsOf(before, retried).joins, 'batch-last');
  const kept = { output, finishedAt: t0, instructions: 2, assets: 0 };
  assert.equal(effectsOf(before, { ...retried, kept }).joins, 'batch');
});
