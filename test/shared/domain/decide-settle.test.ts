/** Settling (design §4 (3), (4)): a turn counts when two reads in a row are equal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import { after, anEnd, aRead, aTurn, editing, policy, read, stateOf, t0 } from './records.ts';

const now = t0 + 1000;
const ended = (reply = '', tools: string[] = ['edit_multitrack'], changes: Partial<FileRecord> = {}): FileRecord =>
  editing({ turn: aTurn({ end: anEnd(reply, tools) }) }, changes);
const reads = (file: FileRecord, ...fingerprints: string[]): FileRecord =>
  fingerprints.reduce((at, fingerprint) => after(at, read(at, fingerprint)), file);

test('reads a second time before it believes a change', () => {
  const next = reads(ended(), 'B');
  assert.deepEqual(stateOf(next, 'editing').settle, { last: 'B', unequal: 0, unchanged: 0 });
  assert.equal(next.applied, 0);
});

for (const [name, tools, media, waitMs] of [
  ['shortly after an edit', ['edit_multitrack'], 0, policy.editSettleMs],
  ['shortly after a turn without tools', [], 0, policy.editSettleMs],
  ['a minute after a generation', ['generate_video_with_seedance'], 0, policy.editRecheckMs],
  ['shortly once what was generated is there', ['generate_video_with_seedance'], 1, policy.editSettleMs],
  ['a minute while one of two generations is missing', ['bgm', 'title'], 1, policy.editRecheckMs],
] as const) {
  test(`reads again ${name}`, () => {
    const file = ended('', [...tools]);
    const next = after(file, read(file, 'B', { generatedMedia: media }), now);
    assert.equal(stateOf(next, 'editing').due, now + waitMs);
  });
}

test('reads again after a minute when the end of the stream was not seen', () => {
  const file = editing({ turn: aTurn(), lookFirst: true });
  assert.equal(stateOf(after(file, read(file, 'B'), now), 'editing').due, now + policy.editRecheckMs);
  const cut = editing({ turn: aTurn({ end: anEnd('', [], false) }) });
  assert.equal(stateOf(after(cut, read(cut, 'B'), now), 'editing').due, now + policy.editRecheckMs);
});

test('applies an instruction on two equal changed reads and goes on to the next', () => {
  const next = reads(ended(), 'B', 'B');
  assert.deepEqual([next.applied, next.settled, stateOf(next, 'editing').turn], [1, 'B', null]);
  assert.equal(next.steps[0]?.change, 'Timeline B');
  assert.equal(next.draftStored, false);
});

test('applies an instruction without a timeline to tell of', () => {
  const file = reads(ended(), 'B');
  const next = after(file, read(file, 'B', { timeline: null }));
  assert.equal(next.steps[0]?.change, undefined);
});

test('renders with the stored draft when the last instruction has settled', () => {
  const next = reads(ended('', [], { applied: 1 }), 'B', 'B');
  assert.deepEqual([stateOf(next, 'rendering').render, next.draftStored, next.applied], [null, true, 2]);
});

test('fails a file whose timeline is empty after its last instruction', () => {
  const file = reads(ended('', [], { applied: 1 }), 'B');
  const { error } = stateOf(after(file, read(file, 'B', { renderable: false })), 'failed');
  assert.deepEqual([error.code, error.step], ['nothing_to_render', 'render']);
});

test('goes on reading while reads differ, and settles on the first equal pair', () => {
  assert.equal(reads(ended(), 'B', 'C', 'D', 'D').applied, 1);
});

test('leaves a turn unconfirmed that does not settle in five more reads', () => {
  const still = reads(ended(), 'B', 'C', 'D', 'E', 'F', 'G');
  assert.equal(stateOf(still, 'editing').settle?.unequal, 5);
  assert.equal(stateOf(reads(still, 'H'), 'failed').error.code, 'edit_unconfirmed');
});

test('takes an answer and an unchanged state for "not applied" after one more read', () => {
  const asked = reads(ended('Which logo?'), 'A', 'A');
  assert.equal(stateOf(asked, 'editing').due, now + policy.editRecheckFirstMs);
  assert.equal(stateOf(asked, 'editing').wait?.detail, 're-check 1 of 1');
  const { error } = stateOf(reads(asked, 'A'), 'failed');
  assert.equal(error.code, 'edit_not_applied');
});

test('keeps the reply of a turn that was not applied', () => {
  const file = ended('Which logo?');
  const noted = { ...file, steps: file.steps.map((step) => ({ ...step, reply: 'Which logo?' })) };
  assert.equal(reads(noted, 'A', 'A', 'A').steps[0]?.reply, 'Which logo?');
});

test('gives a silent turn five more reads before it is "not applied"', () => {
  const first = reads(ended(), 'A', 'A');
  assert.equal(stateOf(first, 'editing').due, now + policy.editRecheckFirstMs);
  const second = reads(first, 'A');
  assert.equal(stateOf(second, 'editing').due, now + policy.editRecheckMs);
  const last = reads(second, 'A', 'A', 'A');
  assert.equal(stateOf(last, 'editing').wait?.detail, 're-check 5 of 5');
  assert.equal(stateOf(reads(last, 'A'), 'failed').error.code, 'edit_not_applied');
});

test('applies a silent turn that shows in a later read', () => {
  assert.equal(reads(ended(), 'A', 'A', 'A', 'B', 'B').applied, 1);
});

test('sends a retried turn again when the look finds nothing changed', () => {
  const next = reads(editing({ turn: aTurn(), lookFirst: true }), 'A');
  assert.deepEqual([stateOf(next, 'editing').turn, stateOf(next, 'editing').lookFirst], [null, false]);
});

test('applies a retried turn without sending it when the look finds a change', () => {
  const error = { code: 'edit_unconfirmed', message: '', upstreamCode: null } as const;
  const [step] = ended().steps;
  assert.ok(step);
  const file = editing({ turn: aTurn(), lookFirst: true }, { steps: [{ ...step, finishedAt: t0, error }] });
  const next = reads(file, 'B', 'B');
  assert.equal(next.applied, 1);
  assert.deepEqual([next.steps.length, next.steps[0]?.error, next.steps[0]?.attempts], [1, undefined, 1]);
});

test('goes on looking when what a retried turn changed is gone again', () => {
  const next = reads(editing({ turn: aTurn(), lookFirst: true }), 'B', 'A', 'A');
  assert.equal(stateOf(next, 'editing').wait?.detail, 're-check 1 of 5');
});

test('lets the first turn of a session start from whatever is there', () => {
  const file = editing();
  assert.equal(after(file, read(file, 'anything')), file);
});

test('lets the next turn start from the settled state', () => {
  const file = editing({}, { settled: 'B', applied: 1 });
  assert.equal(after(file, read(file, 'B')), file);
});

test('settles again before the next turn when a late stage has changed the state', () => {
  const file = editing({}, { settled: 'B', applied: 1 });
  const moved = reads(file, 'C');
  assert.equal(stateOf(moved, 'editing').due, now + policy.editSettleMs);
  const next = reads(moved, 'C');
  assert.deepEqual([next.settled, next.timeline?.summary, stateOf(next, 'editing').settle], ['C', 'Timeline C', null]);
});

test('does not take one read of the old state for settled while a late stage comes and goes', () => {
  const moved = reads(editing({}, { settled: 'B', applied: 1 }), 'C', 'B');
  assert.equal(stateOf(moved, 'editing').settle?.unequal, 1);
  assert.equal(reads(moved, 'B').settled, 'B');
});

test('leaves the file unconfirmed when the state before a turn never settles', () => {
  const file = editing({}, { settled: 'B', applied: 1 });
  const next = reads(file, 'C', 'D', 'E', 'F', 'G', 'H', 'I');
  assert.equal(stateOf(next, 'failed').error.code, 'edit_unconfirmed');
});

test('sends a first turn only after two reads that are alike', () => {
  const file = editing({}, { settled: null });
  const glimpse = aRead('X', { steady: false });
  const sent = { type: 'turn-sent', run: file.run, turnId: 'turn-1', read: glimpse } as const;
  assert.equal(after(file, sent), file, 'a single odd read would pass for the state before the turn');
  const looked = after(file, { type: 'state-read', run: file.run, read: glimpse });
  assert.equal(stateOf(looked, 'editing').due, now + policy.editSettleMs);
  const settled = reads(looked, 'A', 'A');
  assert.deepEqual([settled.settled, stateOf(settled, 'editing').settle], ['A', null]);
});

const empty = (file: FileRecord): FileRecord => after(file, read(file, 'A', { media: 0 }), now);

test('pays for no turn before the upload shows in the media list', () => {
  const file = editing({}, { settled: null, uploaded: 1 });
  const sent = { type: 'turn-sent', run: file.run, turnId: 'turn-1', read: aRead('A', { media: 0 }) } as const;
  assert.equal(after(file, sent), file);
  const first = empty(file);
  const { due, wait } = stateOf(first, 'editing');
  assert.deepEqual([due, wait?.detail], [now + policy.editRecheckFirstMs, 'waiting for the upload to land']);
  assert.equal(stateOf(empty(first), 'editing').due, now + policy.editRecheckMs);
  const landed = after(first, read(first, 'A'));
  assert.equal(stateOf(landed, 'editing').settle, null, 'the turn may go');
});

test('uploads into a new session what never lands, and gives up where none takes it', () => {
  const waited = Array.from({ length: policy.editRechecks }).reduce<FileRecord>(empty, editing({}, { uploaded: 1 }));
  const again = empty(waited);
  assert.deepEqual([stateOf(again, 'uploading').mark, again.session, again.restarts], [null, null, 1]);
  assert.equal(stateOf(empty({ ...waited, restarts: 3 }), 'failed').error.code, 'source_unreachable');
});

test('asks no media list where it cannot tell: in a lane, and after the first instruction', () => {
  for (const file of [editing({}, { uploaded: 1, lane: 0 }), editing({}, { uploaded: 1, applied: 1 })]) {
    assert.equal(empty(file), file);
  }
});

test('reads nothing into a file without a slot', () => {
  const file = editing({ turn: aTurn({ end: anEnd() }), place: 'waiting' });
  assert.equal(after(file, read(file, 'B')), file);
});
