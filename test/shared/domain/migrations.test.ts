import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordVersion } from '../../../src/shared/domain/file.ts';
import { migrations, toNewest, type Migration } from '../../../src/shared/domain/migrations.ts';

const steps: readonly Migration[] = [
  ({ turns, ...rest }) => ({ ...rest, applied: turns }),
  (record) => ({ ...record, session: record['session'] ?? null }),
];

test('takes a record through every step after its version, and through no other', () => {
  assert.deepEqual(toNewest({ v: 1, turns: 2 }, 1, steps), { v: 1, applied: 2, session: null });
  assert.deepEqual(toNewest({ v: 2, turns: 2 }, 2, steps), { v: 2, turns: 2, session: null });
  assert.deepEqual(toNewest({ v: 3, turns: 2 }, 3, steps), { v: 3, turns: 2 });
});

test('leaves a record without a version as it is: nobody knows what it means', () => {
  assert.deepEqual(toNewest({ turns: 2 }, 0, steps), { turns: 2 });
});

test('has a step for each version there was', () => {
  assert.equal(migrations.length, recordVersion - 1);
});

test('has the fields of version 1 in version 2', () => {
  assert.deepEqual(toNewest({ v: 1, run: 3 }, 1), { v: 1, run: 3 });
});
