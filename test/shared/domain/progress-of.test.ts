/** Progress of a file, and the estimate for a batch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import { etaOf, type Course } from '../../../src/shared/domain/eta.ts';
import { progressOf } from '../../../src/shared/domain/progress-of.ts';
import {
  after,
  aFile,
  anEnd,
  aRead,
  aRender,
  aTurn,
  checking,
  completed,
  delivering,
  editing,
  failedAt,
  logo,
  output,
  parkedAt,
  rendering,
  session,
  t0,
  uploading,
  withDestination,
} from './records.ts';

const mark = { item: 0, videosBefore: 0, misses: 0 };
for (const [name, file, progress] of [
  ['a queued file', aFile(), 0],
  ['an upload that begins', uploading(), 0],
  ['an upload under way', uploading({ mark }), 10],
  ['one of two uploads done', uploading({}, { assets: [logo], uploaded: 1 }), 10],
  ['an edit that begins', editing(), 20],
  ['the first of two turns sent', editing({ turn: aTurn() }), 31],
  ['the first of two turns ended', editing({ turn: aTurn({ end: anEnd() }) }), 42],
  ['a turn that is checked', checking(), 42],
  ['a turn that a retry looks at', editing({ turn: aTurn(), lookFirst: true }), 20],
  ['one of two instructions applied', editing({}, { applied: 1 }), 47],
  ['a file without instructions', editing({}, { instructions: [] }), 20],
  ['a render that begins', rendering(), 75],
  ['a render planned', rendering({ render: aRender({ submitted: false }) }), 77],
  ['a render submitted', rendering({ render: aRender() }), 79],
  ['a render after two polls', rendering({ render: aRender({ polls: 2 }) }), 87],
  ['a render after a thousand polls', rendering({ render: aRender({ polls: 1000 }) }), 94],
  ['a delivery', delivering(), 95],
  ['a completed file', completed(), 100],
  ['a parked file', parkedAt(editing({}, { applied: 1 })), 47],
  ['a failed file', failedAt(rendering({ render: aRender() })), 79],
  ['a file canceled in its upload', aFile({ status: 'canceled', finishedAt: 1 }, { assets: [logo], uploaded: 1 }), 10],
  ['a file canceled in its edits', aFile({ status: 'canceled', finishedAt: 1 }, { uploaded: 1, applied: 1 }), 47],
] as const) {
  test(`puts ${name} at ${progress} %`, () => {
    assert.equal(progressOf(file), progress);
  });
}

test('never goes down along the normal way', () => {
  const turn = (n: number): ((file: FileRecord) => FileEvent)[] => [
    (file) => ({ type: 'turn-sent', run: file.run, turnId: `t${n}`, read: aRead(`S${n}`) }),
    () => ({ type: 'turn-ended', turnId: `t${n}`, seen: true, reply: '', tools: [], error: null }),
    (file) => ({ type: 'state-read', run: file.run, read: aRead(`S${n + 1}`) }),
    (file) => ({ type: 'state-read', run: file.run, read: aRead(`S${n + 1}`) }),
  ];
  const way: ((file: FileRecord) => FileEvent)[] = [
    () => ({ type: 'admitted', session: null, lane: null }),
    ({ run }) => ({ type: 'session-created', run, session }),
    ({ run }) => ({ type: 'uploaded', run, item: 0 }),
    ({ run }) => ({ type: 'upload-marked', run, item: 1, videosBefore: 1 }),
    ({ run }) => ({ type: 'uploaded', run, item: 1 }),
    ...turn(0),
    ...turn(1),
    ({ run }) => ({ type: 'render-planned', run, renderId: output.renderId }),
    ({ run }) => ({ type: 'render-submitted', run }),
    ({ run }) => ({ type: 'render-going-on', run, progress: 50 }),
    ({ run }) => ({ type: 'rendered', run, output }),
    ({ run }) => ({ type: 'delivered', run }),
  ];
  let file = withDestination({ ...aFile(), assets: [logo] });
  const seen = [progressOf(file)];
  for (const event of way) {
    const next = after(file, event(file));
    assert.notEqual(next, file);
    file = next;
    seen.push(progressOf(file));
  }
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  assert.deepEqual([seen[0], seen.at(-1)], [0, 100]);
});

const course: Course = { total: 100, done: 0, startedAt: t0, now: t0 + 60_000, window: 10, recentSecondsPerFile: 30 };

test('estimates by what a file took lately and how many are at work at once', () => {
  assert.deepEqual(etaOf(course), { seconds: 300, low: 150, high: 450 });
});

test('takes no less than one file takes, however wide the window', () => {
  assert.equal(etaOf({ ...course, total: 3, window: 200 })?.seconds, 30);
  assert.equal(etaOf({ ...course, total: 3, window: 0 })?.seconds, 90);
});

test('estimates by the pace so far where nothing was measured', () => {
  assert.equal(etaOf({ ...course, done: 20, recentSecondsPerFile: null })?.seconds, 240);
});

test('does not take the first file to end for the pace of all slots', () => {
  assert.equal(etaOf({ ...course, done: 1, recentSecondsPerFile: null })?.seconds, 594);
});

test('narrows its margins as files end', () => {
  const early = etaOf({ ...course, done: 3 });
  assert.deepEqual([early?.low, early?.high], [218, 364]);
  const late = etaOf({ ...course, done: 99 });
  assert.deepEqual([late?.low, late?.high], [27, 33]);
});

for (const [name, changes] of [
  ['nothing remains', { done: 100 }],
  ['nothing has ended yet', { recentSecondsPerFile: null }],
  ['it has not started', { recentSecondsPerFile: null, done: 1, startedAt: null }],
  ['no time has passed', { recentSecondsPerFile: null, done: 1, now: t0 }],
] as const) {
  test(`estimates nothing when ${name}`, () => {
    assert.equal(etaOf({ ...course, ...changes }), null);
  });
}
