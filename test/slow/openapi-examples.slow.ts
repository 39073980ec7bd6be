/**
 * The examples of the OpenAPI document are what the service answers: all are taken anew from the whole service over HTTP,
 * and have the keys, kinds and words of those that are stored. `WRITE_EXAMPLES=1` stores the new ones.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { storedExamples, type Examples } from '../../src/api/add-examples.ts';
import { rootPath } from '../docs/document.ts';
import { shapeOf } from '../openapi/steady.ts';
import { takeTour } from '../openapi/tour.ts';

const shapesOf = ({ operations, problems }: Examples): object => ({
  operations: shapeOf(operations),
  problems: Object.fromEntries(
    Object.entries(problems).map(([name, { at, value }]) => [name, { at: at.toSorted(), value: shapeOf(value) }]),
  ),
});

test('every example is a real answer', { timeout: 120_000 }, async () => {
  const taken = await takeTour();
  if (process.env['WRITE_EXAMPLES'] === '1')
    await writeFile(rootPath('src/api/openapi-examples.json'), `${JSON.stringify(taken, null, 2)}\n`);
  const stored = shapesOf(storedExamples());
  assert.deepEqual(shapesOf(taken), stored);
});
