/** The draft: cutting on the timeline, and its text that must survive a client untouched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, integer, nat, property } from 'fast-check';
import { applyEdits } from '../../src/sandbox/apply-edits.ts';
import { toSegment } from '../../src/sandbox/apply-look.ts';
import {
  createDraft,
  segmentsOf,
  settleDraft,
  toDraftText,
  withSegments,
  type Draft,
} from '../../src/sandbox/draft.ts';
import { parseExact, toCanonicalText } from '../../src/sandbox/json-text.ts';
import { parseInstruction } from '../../src/sandbox/instructions/parse-instruction.ts';
import type { Media } from '../../src/sandbox/store.ts';
import { cutRange } from '../../src/sandbox/timeline.ts';
import { openCaller } from './sandbox-client.ts';

const clip = (id: string, durationMs: number): Media => ({
  id,
  name: `${id}.mp4`,
  kind: 'video',
  path: '',
  bytes: 1,
  durationMs,
  width: 640,
  height: 360,
  fps: 30,
  hasAudio: true,
});
const a = clip('a', 10_000);
const b = clip('b', 6_000);
const timeline = (...media: Media[]): Draft =>
  settleDraft(
    withSegments(
      createDraft(),
      0,
      media.map((each, index) => toSegment(each, index)),
    ),
  );

function edit(draft: Draft, sentence: string, media: readonly Media[] = [a, b]): Draft {
  const parsed = parseInstruction(sentence);
  assert.equal(parsed.kind, 'edits');
  const applied = applyEdits(
    draft,
    parsed.kind === 'edits' ? parsed.edits : [],
    { media, planned: [], canDraw: () => true },
    'en',
  );
  assert.ok('draft' in applied);
  return applied.draft;
}
const ranges = (draft: Draft) => segmentsOf(draft, 0).map(({ m, d }) => [m.name, m.in_ms, m.out_ms, d]);

test('trims, cuts and keeps on the timeline, one after the other', () => {
  assert.deepEqual(ranges(edit(timeline(a), 'trim the first 3 seconds and the last 2 seconds')), [
    ['a.mp4', 3000, 8000, 5000],
  ]);
  assert.deepEqual(ranges(edit(timeline(a), 'cut from 2 to 5 seconds')), [
    ['a.mp4', 0, 2000, 2000],
    ['a.mp4', 5000, 10_000, 5000],
  ]);
  assert.deepEqual(ranges(edit(edit(timeline(a), 'cut from 2 to 5 seconds'), 'keep 1s to 4s')), [
    ['a.mp4', 1000, 2000, 1000],
    ['a.mp4', 5000, 7000, 2000],
  ]);
});

test('trims each clip when all videos are meant, else the timeline', () => {
  const joined = edit(timeline(a), 'merge all videos');
  assert.deepEqual(ranges(edit(joined, 'trim the first 3 seconds from all videos')), [
    ['a.mp4', 3000, 10_000, 7000],
    ['b.mp4', 3000, 6000, 3000],
  ]);
  assert.deepEqual(ranges(edit(joined, 'trim the first 12 seconds')), [['b.mp4', 2000, 6000, 4000]]);
});

test('follows speed in later cuts', () => {
  const fast = edit(timeline(a), '2x speed');
  assert.equal(fast.d, 5000);
  assert.deepEqual(ranges(edit(fast, 'trim the first 1 second')), [['a.mp4', 2000, 10_000, 4000]]);
});

test('asks back rather than leaving nothing, and applies nothing of the sentence then', () => {
  const draft = timeline(b);
  const parsed = parseInstruction('mute and trim the first 6 seconds');
  assert.equal(parsed.kind, 'edits');
  const applied = applyEdits(
    draft,
    parsed.kind === 'edits' ? parsed.edits : [],
    { media: [b], planned: [], canDraw: () => true },
    'en',
  );
  assert.ok('question' in applied && applied.question.includes('6 s long'));
});

test('never loses or invents time when a range is cut', () => {
  check(
    property(
      array(integer({ min: 10, max: 5000 }), { minLength: 1, maxLength: 6 }),
      nat(9000),
      nat(9000),
      (lengths, x, y) => {
        const segments = lengths.map((length, index) => toSegment(clip(`c${index}`, length), index));
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const [from, to] = [Math.min(x, y, total), Math.min(Math.max(x, y), total)];
        const left = cutRange(segments, from, to).reduce((sum, segment) => sum + segment.d, 0);
        assert.equal(left, total - (to - from));
      },
    ),
  );
});

test('carries a number beyond 2^53 that a plain parse would change', async (t) => {
  const text = toDraftText(timeline(a));
  assert.equal(toCanonicalText(parseExact(text)), toCanonicalText(parseExact(` ${text} `)));
  assert.notEqual(toCanonicalText(parseExact(JSON.stringify(JSON.parse(text)))), toCanonicalText(parseExact(text)));

  const caller = await openCaller(t);
  const sid = await caller.session();
  await caller.upload(sid, { 'a.mp4': 'bytes' });
  await caller.say(sid, 'mute');
  const { draftText } = await caller.state(sid);
  await caller.render(sid, 'render_1', draftText);
  assert.equal((await caller.finished('render_1')).status, 'completed');
  await caller.render(sid, 'render_2', JSON.stringify(JSON.parse(draftText)));
  assert.match((await caller.finished('render_2')).error, /draft_mismatch/u);
  assert.equal(caller.sandbox.ledger().totals.draft_mismatches, 1);
});
