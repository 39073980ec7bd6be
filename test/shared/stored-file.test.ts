/** Records of other releases, as the stored text has them: older ones are read, newer ones are left alone. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { batchSpecSchema } from '../../src/shared/domain/batch.ts';
import { recordVersion } from '../../src/shared/domain/file.ts';
import { newFileProgress, toFileRecord, toShownRecord, toStoredProgress } from '../../src/shared/stored-file.ts';
import { rootPath } from '../docs/document.ts';

/** A batch as the first release stored it: its spec has no `traceparent`. */
const specOfOld = { name: null, instructions: ['mute'], language: 'en', assets: [], maxSessions: null, order: 'as_given', metadata: {}, webhook: null, requestId: null }; // prettier-ignore
const input = { name: 'a.mp4', customId: null, source: { kind: 'url', url: 'https://example.com/a.mp4' }, instructions: null, assets: [], metadata: {}, destination: null }; // prettier-ignore
const stored = (progress: string) => ({ id: 'fil_1', batchId: 'bat_1', index: 0, progress, input: JSON.stringify(input) }); // prettier-ignore
const withVersion = (v: unknown): string => JSON.stringify({ ...(JSON.parse(newFileProgress) as object), v });

const step = (reply: string) =>
  ({ step: 'edit', instruction: 0, sessionId: '1', attempts: 1, startedAt: 1, finishedAt: 2, reply }) as const;

test('reads a batch that has none of what came later', () => {
  const spec = batchSpecSchema.parse(specOfOld);
  assert.deepEqual(toFileRecord(stored(newFileProgress), spec).instructions, ['mute']);
});

test('stores what it has read under its own version, at the next save and not before', () => {
  const spec = batchSpecSchema.parse(specOfOld);
  const file = toFileRecord(stored(withVersion(1)), spec);
  assert.equal((JSON.parse(toStoredProgress(file)) as { v: number }).v, recordVersion);
});

test('packs what has ended, and reads it as it was', () => {
  const spec = batchSpecSchema.parse(specOfOld);
  const file = toFileRecord(stored(newFileProgress), spec);
  const ended = { ...file, steps: [step('done. 完成 ✓'), step('x'.repeat(3000))], state: { status: 'canceled' as const, finishedAt: 1 } }; // prettier-ignore
  const text = toStoredProgress(ended);
  assert.match(text, new RegExp(`^\\{"v":${recordVersion},"z":"[\\w+/=]+"\\}$`));
  assert.deepEqual(toFileRecord(stored(text), spec), ended);
  assert.deepEqual(toShownRecord(stored(text), spec), { file: ended, newer: false });
  // Of a newer release, packed as here or in some other way.
  const newer = text.replace(/^\{"v":\d+/, `{"v":${recordVersion + 1}`);
  assert.deepEqual(toShownRecord(stored(newer), spec), { file: ended, newer: true });
  const other = stored(`{"v":${recordVersion + 1},"z":"AAAA"}`);
  assert.throws(() => toShownRecord(other, spec), { code: 'newer_record' });
  assert.throws(() => toFileRecord(other, spec), { code: 'newer_record' });
});

test('leaves a newer record alone, and shows it as far as it is understood', () => {
  const spec = batchSpecSchema.parse(specOfOld);
  const newer = stored(withVersion(recordVersion + 1));
  assert.throws(() => toFileRecord(newer, spec), { code: 'newer_record' });
  assert.equal(toShownRecord(newer, spec).newer, true);
});

test('refuses a record that is none, instead of guessing', () => {
  const spec = batchSpecSchema.parse(specOfOld);
  for (const text of ['null', '[]', '"x"', withVersion('1')])
    assert.throws(() => toFileRecord(stored(text), spec), text);
});

test('reads every record that the saved release left', async () => {
  const data = await readFile(rootPath('test/data/redis-0.1.0/appendonly.aof'), 'latin1');
  const records = [...data.matchAll(/\{"v":1,"run":[^\r]*"state":\{[^\r]*\}(?=\r)/g)].map(([text]) =>
    Buffer.from(text, 'latin1').toString(),
  );
  assert.ok(records.length >= 12, `${records.length} records`);
  const spec = batchSpecSchema.parse(specOfOld);
  const states = new Set(records.map((text) => toFileRecord(stored(text), spec).state.status));
  for (const status of ['completed', 'failed', 'canceled', 'delivering', 'rendering', 'editing', 'parked'] as const) {
    assert.ok(states.has(status), status);
  }
});
