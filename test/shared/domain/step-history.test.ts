/** A file's `steps` (design §7): one entry per step, instruction and session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes, errorMeanings } from '../../../src/shared/domain/error-codes.ts';
import {
  beginAttempt,
  closeStep,
  cutReply,
  endStep,
  failStep,
  noteStep,
} from '../../../src/shared/domain/step-history.ts';
import { aFile, t0 } from './records.ts';

const edit = { step: 'edit', instruction: 0, sessionId: 'ses-1' } as const;
const error = { code: 'forbidden', message: 'no', upstreamCode: 403 } as const;

test('begins one entry a step, instruction and session', () => {
  const one = beginAttempt([], t0, edit);
  const other = beginAttempt(one, t0, { ...edit, instruction: 1 });
  const third = beginAttempt(other, t0, { ...edit, sessionId: 'ses-2' });
  assert.equal(third.length, 3);
});

test('counts attempts in the entry that is there, without what the last one ended in', () => {
  const failed = failStep(
    { ...aFile(), steps: noteStep({ steps: beginAttempt([], t0, edit) }, { reply: 'hm', change: 'x' }) },
    t0,
    { step: 'edit', error },
  );
  assert.deepEqual(beginAttempt(failed, t0 + 5, edit), [{ ...edit, attempts: 2, startedAt: t0, finishedAt: null }]);
});

test('ends nothing where nothing is open', () => {
  const closed = closeStep({ steps: beginAttempt([], t0, edit) }, t0);
  assert.equal(closeStep({ steps: closed }, t0 + 9), closed);
  assert.equal(noteStep({ steps: closed }, { reply: 'late' }), closed);
});

test('gives a step that failed before it began an entry', () => {
  const steps = failStep(aFile(), t0, { step: 'edit', error });
  assert.deepEqual(steps, [
    { step: 'edit', instruction: 0, sessionId: null, attempts: 1, startedAt: t0, finishedAt: t0, error },
  ]);
  assert.equal(failStep(aFile(), t0, { step: 'render', error })[0]?.instruction, null);
});

test('ends a step by name, and makes the entry that is missing', () => {
  const [made] = endStep([], t0, edit, { change: 'B' });
  assert.deepEqual(made, { ...edit, attempts: 1, startedAt: t0, finishedAt: t0, change: 'B' });
});

test('keeps a short reply as it is', () => {
  for (const reply of ['done', 'x'.repeat(2048)]) assert.equal(cutReply(reply), reply);
});

for (const [name, reply] of [
  ['ASCII', 'x'.repeat(5000)],
  ['Chinese', '水印'.repeat(2000)],
  ['emoji', '🎬'.repeat(2000)],
] as const) {
  test(`cuts a long reply to 2 KB of UTF-8, between characters (${name})`, () => {
    const cut = cutReply(reply);
    assert.ok(Buffer.byteLength(cut) <= 2048);
    assert.ok(Buffer.byteLength(cut) > 2030);
    assert.ok(cut.endsWith('…') && cut.isWellFormed());
  });
}

test('has words and a verdict on retrying for each error code', () => {
  for (const code of errorCodes) assert.ok(errorMeanings[code].message.length > 10);
  assert.equal(errorMeanings.edit_unconfirmed.retryable, true);
  assert.equal(errorMeanings.unsupported_file_type.retryable, false);
});
