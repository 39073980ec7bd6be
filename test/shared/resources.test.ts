import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createResources } from '../../src/shared/resources.ts';
import { silentLog as log } from '../redis-server.ts';

test('closes in reverse order what was opened, once', async () => {
  const closed: string[] = [];
  const resources = createResources();
  resources.add('first', () => closed.push('first'));
  await resources.open(
    'second',
    async () => 2,
    (opened) => closed.push(`second ${opened}`),
  );
  await Promise.all([resources.closeAll(log), resources.closeAll(log)]);
  assert.deepEqual(closed, ['second 2', 'first']);
});

test('closes what a failed start had opened, and not what failed to open', async () => {
  const closed: string[] = [];
  const resources = createResources();
  resources.add('first', () => closed.push('first'));
  const failing = resources.open(
    'second',
    () => Promise.reject(new Error('no')),
    () => closed.push('second'),
  );
  await assert.rejects(failing, /no/);
  await resources.closeAll(log);
  assert.deepEqual(closed, ['first']);
});

test('goes on when a close throws, rejects or hangs', async () => {
  const closed: string[] = [];
  const resources = createResources({ closeTimeoutMs: 30 });
  resources.add('first', () => closed.push('first'));
  resources.add('throws', () => {
    throw new Error('thrown');
  });
  resources.add('rejects', () => Promise.reject(new Error('rejected')));
  resources.add('hangs', () => new Promise(() => {}));
  await resources.closeAll(log);
  assert.deepEqual(closed, ['first']);
});

test('closes also what is added while it closes', async () => {
  const closed: string[] = [];
  const resources = createResources();
  resources.add('first', () => {
    resources.add('late', () => closed.push('late'));
    closed.push('first');
  });
  await resources.closeAll(log);
  assert.deepEqual(closed, ['first', 'late']);
});

test('drains everything at the same time before it closes the first', async () => {
  const seen: string[] = [];
  const resources = createResources();
  const both = Promise.withResolvers<void>();
  resources.add('store', () => seen.push('store closed'));
  for (const name of ['workers', 'api']) {
    resources.onDrain(name, async () => {
      seen.push(`${name} drains`);
      if (seen.length === 2) both.resolve();
      await both.promise;
    });
  }
  await resources.closeAll(log);
  assert.deepEqual(seen, ['workers drains', 'api drains', 'store closed']);
});

test('goes on when a drain hangs', async () => {
  const closed: string[] = [];
  const resources = createResources({ drainTimeoutMs: 30 });
  resources.onDrain('hangs', () => new Promise(() => {}));
  resources.add('store', () => closed.push('store'));
  await resources.closeAll(log);
  assert.deepEqual(closed, ['store']);
});
