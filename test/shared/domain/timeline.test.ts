import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarizeTimeline } from '../../../src/shared/domain/timeline.ts';

const summary = (draft: unknown): string | null => summarizeTimeline(draft)?.summary ?? null;

test('summarizes exactly as the seed does', () => {
  const draft = {
    t: [
      { tt: 0, sg: [{ d: 10_000, m: { name: 'city timelapse' } }] },
      { tt: 1, sg: [{ d: 10_000, m: { title: 'Lo-fi', volume: 0.35 } }] },
      { tt: 7, sg: [{ d: 3000, m: { text: 'Urban Dreams' } }] },
    ],
  };
  assert.equal(
    summary(draft),
    'Timeline (3 tracks): 1. Video: city timelapse (0-10s) 2. BGM: Lo-fi (0-10s, 35%) 3. Title: "Urban Dreams" (0-3s)',
  );
  assert.deepEqual(summarizeTimeline(draft)?.tracks[1], {
    type: 'audio',
    label: 'BGM',
    name: 'Lo-fi',
    durationMs: 10_000,
    volumePercent: 35,
    segments: 1,
  });
});

test('says nothing where nothing is on the timeline', () => {
  for (const draft of [
    null,
    undefined,
    7,
    'x',
    [],
    {},
    { t: null },
    { t: {} },
    { t: [] },
    { t: [null, 7, { sg: [] }, { tt: 0 }, { sg: 'x' }] },
  ]) {
    assert.equal(summarizeTimeline(draft), null);
  }
});

test('reads what it can of odd drafts', () => {
  const one = (track: object): string | null =>
    summary({ t: [{ tt: 0, ...track }] })?.replace('Timeline (1 track): 1. ', '') ?? null;
  assert.equal(one({ sg: [{}] }), 'Video');
  assert.equal(one({ sg: [null] }), 'Video');
  assert.equal(one({ sg: [{ d: '3500' }] }), 'Video (0-3.5s)');
  assert.equal(one({ sg: [{ d: 'long' }, { d: '' }, { d: -5 }] }), 'Video');
  assert.equal(one({ sg: [{}], d: 2000, m: { file_name: 'b.mp4' } }), 'Video: b.mp4 (0-2s)');
  assert.equal(
    one({ sg: [{ d: 1000, m: 'a.mp4' }, { d: 1040, m: { name: '', filename: ' b \n c ' } }, { m: 'a.mp4' }] }),
    'Video: a.mp4, b c (0-2s)',
  );
  assert.equal(one({ sg: ['a', 'b', 'c', 'd', 'e'].map((m) => ({ m })) }), 'Video: a, b, c +2');
  assert.equal(one({ tt: '7', sg: [{}] }), 'Title');
  assert.equal(one({ tt: 3, sg: [{ m: { name: 'x' } }] }), 'Track: x');
  assert.equal(one({ tt: null, sg: [{}] }), 'Track');
  assert.equal(one({ tt: 1, sg: [{ m: { volume: 'loud' } }] }), 'BGM');
  assert.equal(one({ tt: 1, sg: [{ m: { volume: 80 } }] }), 'BGM (80%)');
  assert.equal(one({ tt: 1, sg: [{}], m: { volume: '0' } }), 'BGM (0%)');
  assert.equal(one({ tt: 1, sg: [{ m: { volume: 1 } }] }), 'BGM (100%)');
  assert.equal(one({ tt: 0, sg: [{ m: { volume: 0.5 } }] }), 'Video');
  assert.equal(one({ sg: [{ m: { name: 'n'.repeat(200) } }] }), `Video: ${'n'.repeat(80)}`);
});
