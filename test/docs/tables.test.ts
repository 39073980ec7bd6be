/** What the documents list is what the code has: a failing test prints the rows as they should be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { settings } from '../../src/shared/config/config.ts';
import { errorCodes, errorMeanings } from '../../src/shared/domain/error-codes.ts';
import { stateDiagram } from '../../src/shared/domain/transitions.ts';
import { createKeys, type Keys } from '../../src/shared/redis/keys.ts';
import { bare, readDocument, tableUnder } from './document.ts';

const packageJson = z.object({ dependencies: z.record(z.string(), z.string()) });

test('lists every setting with its default, unit and meaning', async () => {
  const rows = tableUnder(await readDocument('README.md'), '## Settings');
  const listed = rows.map(([name, standard, unit, description]) => [bare(name), standard, unit, description]);
  assert.deepEqual(
    listed,
    settings.map(({ name, default: standard, unit, description }) => [name, standard, unit, description]),
  );
});

test('lists every error code of a file, whether a retry may help, and what it means', async () => {
  const rows = tableUnder(await readDocument('README.md'), '### Error codes of a file');
  const listed = rows.map(([code, retryable, meaning]) => [bare(code), retryable, meaning]);
  const wanted = errorCodes.map((code) => {
    const { retryable, message } = errorMeanings[code];
    return [code, retryable ? 'yes' : 'no', message];
  });
  assert.deepEqual(listed, wanted);
});

test('gives a reason for every runtime dependency, and for no other', async () => {
  const { dependencies } = packageJson.parse(JSON.parse(await readDocument('package.json')));
  const rows = tableUnder(await readDocument('README.md'), '## Dependencies');
  assert.deepEqual(
    rows.map(([name]) => bare(name)),
    Object.keys(dependencies).toSorted(),
  );
  for (const [name, reason = ''] of rows) assert.ok(reason.length > 10, `${name} has no reason`);
});

test('draws the state diagram that the code draws', async () => {
  const text = await readDocument('ARCHITECTURE.md');
  const drawn = /```mermaid\n(stateDiagram-v2\n[\s\S]*?)```/.exec(text)?.[1];
  assert.equal(drawn, stateDiagram());
});

test('lists every key with its pattern, type and life', async () => {
  const keys = createKeys('tag');
  const names = Object.keys(keys).filter((name): name is Exclude<keyof Keys, 'tag'> => name !== 'tag');
  const rows = tableUnder(await readDocument('ARCHITECTURE.md'), '## Keys');
  assert.deepEqual(
    rows.map(([name, pattern]) => [bare(name), bare(pattern)]),
    names.map((name) => [name, keys[name]('$1', '$2').slice('{tag}:'.length)]),
  );
  for (const [name, , type, holds, lives] of rows) {
    assert.ok(type !== '' && holds !== '', `${name} has no type or content`);
    assert.ok(type === 'channel' || (lives ?? '') !== '', `${name} has no owner and no TTL`);
  }
});
