/** Cancel, retry, messages, expiry (design §4 "Messages", "Lanes", (5); §7 retry). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
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
  faulted,
  logo,
  output,
  parkedAt,
  read,
  rendering,
  stateOf,
  t0,
  uploading,
} from './records.ts';

const now = t0 + 1000;
const mark = { item: 0, videosBefore: 0, misses: 0 };
type Messaged = Extract<FileEvent, { type: 'messaged' }>;
const say = (text: string | null, changes: Partial<Messaged> = {}): FileEvent => ({
  type: 'messaged',
  action: 'edit',
  text,
  assets: [],
  ...changes,
});
const edited = (changes: Partial<FileRecord> = {}): FileRecord =>
  after(after(completed(changes), say('louder')), { type: 'admitted', session: null, lane: null });
const lastStep = (file: FileRecord) => file.steps.at(-1);

for (const file of [aFile(), uploading(), editing(), checking(), rendering(), delivering(), parkedAt(editing())]) {
  test(`cancels a file that is ${file.state.status}`, () => {
    assert.deepEqual(after(file, { type: 'canceled' }, now).state, { status: 'canceled', finishedAt: now });
  });
}

test('ends the open step of a canceled file', () => {
  assert.equal(lastStep(after(checking(), { type: 'canceled' }, now))?.finishedAt, now);
});

for (const file of [completed(), failedAt(editing()), aFile({ status: 'canceled', finishedAt: 1 })]) {
  test(`leaves a file alone that is ${file.state.status} when it is canceled or expires`, () => {
    assert.equal(after(file, { type: 'canceled' }), file);
    assert.equal(after(file, { type: 'expired' }), file);
  });
}

for (const file of [aFile(), editing(), parkedAt(editing())]) {
  test(`fails a file that expires while ${file.state.status}`, () => {
    assert.equal(stateOf(after(file, { type: 'expired' }), 'failed').error.code, 'expired');
  });
}

for (const file of [aFile(), editing(), completed(), parkedAt(editing())]) {
  test(`retries failed files only (${file.state.status})`, () => {
    assert.equal(after(file, { type: 'retried' }), file);
  });
}

test('retries an upload where it stopped, the mark kept', () => {
  const next = after(failedAt(uploading({ mark }, { restarts: 2 })), { type: 'retried' });
  assert.deepEqual(
    [stateOf(next, 'uploading').mark, stateOf(next, 'uploading').place, next.restarts],
    [mark, 'waiting', 0],
  );
});

test('retries an edit that was not applied by sending it again', () => {
  const file = failedAt(editing({ turn: aTurn({ end: anEnd('which?') }) }), 'edit_not_applied');
  const state = stateOf(after(file, { type: 'retried' }), 'editing');
  assert.deepEqual([state.turn, state.lookFirst], [null, false]);
});

for (const file of [editing({ turn: aTurn() }), checking()]) {
  test(`retries an unconfirmed turn with a look first (${file.state.status})`, () => {
    const state = stateOf(after(failedAt(file, 'edit_unconfirmed'), { type: 'retried' }), 'editing');
    assert.deepEqual([state.turn?.id, state.lookFirst], ['turn-1', true]);
  });
}

test('goes on checking a turn that was not declared unconfirmed when the file failed', () => {
  const file = failedAt(checking({ unchangedReads: 2, crashes: 4 }), 'poisoned');
  const state = stateOf(after(file, { type: 'retried' }), 'checking');
  assert.deepEqual([state.turn.id, state.unchangedReads, state.crashes, state.place], ['turn-1', 2, 0, 'waiting']);
});

test('goes on settling a turn that had ended when the file failed', () => {
  const file = failedAt(editing({ turn: aTurn({ end: anEnd() }) }), 'forbidden');
  const state = stateOf(after(file, { type: 'retried' }), 'editing');
  assert.deepEqual([state.turn?.id, state.lookFirst], ['turn-1', false]);
});

test('still looks first when the look of a retry failed', () => {
  const file = failedAt(editing({ turn: aTurn(), lookFirst: true }), 'forbidden');
  assert.equal(stateOf(after(file, { type: 'retried' }), 'editing').lookFirst, true);
});

test('retries an edit without a turn by going on with it', () => {
  assert.equal(stateOf(after(failedAt(editing()), { type: 'retried' }), 'editing').lookFirst, false);
});

test('retries a render by looking at the old one once', () => {
  const file = failedAt(rendering({ render: aRender({ polls: 9 }), failures: 1 }), 'render_timeout');
  const state = stateOf(after(file, { type: 'retried' }), 'rendering');
  assert.deepEqual([state.render, state.failures], [aRender({ lookOnce: true }), 0]);
  assert.equal(stateOf(after(failedAt(rendering()), { type: 'retried' }), 'rendering').render, null);
});

test('reads the timeline anew when there was nothing to render', () => {
  assert.equal(after(failedAt(rendering(), 'nothing_to_render'), { type: 'retried' }).draftStored, false);
});

test('retries a delivery with the output it has, in the list of what is free', () => {
  const failed = after(delivering(), { type: 'delivery-refused', run: 1, detail: '403' });
  const next = after(failed, { type: 'retried' });
  assert.deepEqual([stateOf(next, 'delivering').output, stateOf(next, 'delivering').place], [output, 'waiting']);
  assert.equal(lastStep(next)?.attempts, 2);
  const done = after(after(next, { type: 'admitted', session: null, lane: null }), {
    type: 'delivered',
    run: next.run + 1,
  });
  assert.equal(lastStep(done)?.error, undefined);
});

test('starts anew when the session was lost, and counts new sessions from nought', () => {
  const next = after(failedAt(editing({}, { restarts: 3, applied: 1 }), 'session_lost'), { type: 'retried' });
  assert.equal(next.state.status, 'uploading');
  assert.deepEqual([next.session, next.applied, next.restarts], [null, 0, 0]);
});

test('starts anew when there is no session to go on in', () => {
  assert.equal(after(failedAt(uploading({ mark }, { session: null })), { type: 'retried' }).uploaded, 0);
});

test('starts a file of a lane anew when its edit failed, as its session is retired', () => {
  const next = after(failedAt(checking({}, { lane: 1 })), { type: 'retried' });
  assert.deepEqual([next.state.status, next.session], ['uploading', null]);
  assert.equal(after(failedAt(rendering({}, { lane: 1 })), { type: 'retried' }).state.status, 'rendering');
});

test('edits on in the kept session when a finished file is told more', () => {
  const next = after(completed(), say('louder'));
  assert.equal(stateOf(next, 'editing').place, 'waiting');
  assert.deepEqual(next.instructions, ['trim', 'watermark', 'louder']);
  assert.deepEqual(next.ownInstructions, next.instructions);
  assert.deepEqual(next.kept, { output, finishedAt: t0, instructions: 2, assets: 0 });
  assert.deepEqual([next.applied, next.session?.id, next.restarts], [2, 'ses-1', 0]);
});

test('gives a message three new sessions of its own', () => {
  assert.equal(after(completed({ restarts: 3 }), say('louder')).restarts, 0);
});

for (const [name, changes] of [
  ['in a lane', { lane: 1 }],
  ['without a session', { session: null }],
] as const) {
  test(`starts a message ${name} from upload, with all applied instructions before it`, () => {
    const next = after(completed(changes), say('louder'));
    assert.equal(next.state.status, 'uploading');
    assert.deepEqual([next.session, next.lane, next.applied, next.instructions.length], [null, null, 0, 3]);
  });
}

test('uploads the assets of a message first, into the kept session', () => {
  const next = after(completed(), say('add it', { assets: [logo] }));
  assert.equal(next.state.status, 'uploading');
  assert.deepEqual([next.uploaded, next.assets, next.ownAssets], [1, [logo], [logo]]);
});

test('uploads assets alone without an instruction', () => {
  const next = after(completed(), say(null, { action: 'upload', assets: [logo] }));
  assert.deepEqual([next.state.status, next.instructions.length], ['uploading', 2]);
});

test('renders again without an instruction when asked to export', () => {
  const next = after(completed(), say('export', { action: 'render' }));
  assert.deepEqual([next.state.status, next.instructions.length, next.draftStored], ['rendering', 2, true]);
});

for (const file of [editing(), failedAt(editing()), aFile({ status: 'canceled', finishedAt: 1 })]) {
  test(`takes messages on completed files only (${file.state.status})`, () => {
    assert.equal(after(file, say('louder')), file);
  });
}

test('ignores a message that says nothing', () => {
  const file = completed();
  assert.equal(after(file, say(null)), file);
  assert.equal(after(file, say('upload', { action: 'upload' })), file);
});

test('gives the finished file back when its message fails, with the error in the step', () => {
  const file = edited();
  const next = after(file, faulted(file, 'forbidden'));
  assert.deepEqual(next.state, { status: 'completed', output, finishedAt: t0 });
  assert.deepEqual(
    [next.instructions, next.ownInstructions],
    [
      ['trim', 'watermark'],
      ['trim', 'watermark'],
    ],
  );
  assert.deepEqual([next.kept, next.session?.id, next.applied], [null, 'ses-1', 2]);
  assert.equal(lastStep(next)?.error?.code, 'forbidden');
});

test('gives the finished file back when its message is canceled', () => {
  const next = after(edited(), { type: 'canceled' });
  assert.deepEqual([next.state.status, next.session?.id], ['completed', 'ses-1']);
});

test('takes back the assets of a message that failed', () => {
  const file = after(after(completed(), say('x', { assets: [logo] })), { type: 'admitted', session: null, lane: null });
  const next = after(file, faulted(file, 'unsupported_file_type'));
  assert.deepEqual([next.assets, next.ownAssets, next.uploaded], [[], [], 1]);
});

const sent = (file: FileRecord): FileRecord =>
  after(file, { type: 'turn-sent', run: file.run, turnId: 'turn-9', read: aRead('A') });

for (const [name, end] of [
  ['is canceled', () => after(sent(edited()), { type: 'canceled' })],
  ['is canceled while parked', () => after(parkedAt(sent(edited())), { type: 'canceled' })],
  ['expires', () => after(sent(edited()), { type: 'expired' })],
  ['is refused for good', () => after(sent(edited()), faulted(sent(edited()), 'forbidden'))],
] as const) {
  test(`gives up the session when a message ${name} with its turn unknown`, () => {
    const next = end();
    assert.deepEqual([next.state.status, next.session, next.applied], ['completed', null, 0]);
  });
}

test('keeps the session when a message was not applied', () => {
  let file = sent(edited());
  file = after(file, { type: 'turn-ended', turnId: 'turn-9', seen: true, reply: 'which?', tools: [], error: null });
  for (let n = 0; n < 3; n += 1) file = after(file, read(file, 'A'));
  assert.deepEqual([file.state.status, file.session?.id, file.applied], ['completed', 'ses-1', 2]);
});

test('gives up the session when the state before a message never settles', () => {
  let file = edited();
  for (const fingerprint of ['B', 'C', 'D', 'E', 'F', 'G', 'H']) file = after(file, read(file, fingerprint));
  assert.deepEqual([file.state.status, file.session], ['completed', null]);
});

test('gives up the session when a message fails after its edit was applied', () => {
  const file = {
    ...rendering({ render: aRender(), failures: 1 }, { applied: 3 }),
    instructions: ['trim', 'watermark', 'louder'],
    kept: { output, finishedAt: t0, instructions: 2, assets: 0 },
  };
  const next = after(file, { type: 'render-failed', run: 1, detail: '' });
  assert.deepEqual([next.state.status, next.session, next.instructions.length], ['completed', null, 2]);
});

test('gives up a session that was lost once too often', () => {
  const file = { ...edited(), restarts: 3 };
  assert.equal(after(file, faulted(file, 'session_missing')).session, null);
});

test('gives up the session when a message fails before all instructions are applied again', () => {
  const file = { ...after(completed({ session: null }), say('louder')), run: 1 };
  const next = after(file, { type: 'canceled' });
  assert.deepEqual([next.session, next.uploaded], [null, 0]);
});
