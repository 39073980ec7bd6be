import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegistry, type RunningStep } from '../../src/workers/registry.ts';

const step = (fileId: string, jobId: string): RunningStep => ({
  fileId,
  batchId: 'bat_1',
  jobId,
  abort: () => undefined,
  loseLease: () => undefined,
  isLeased: () => true,
});

test('lets the next run of a file in as soon as the one before has left, and no other', async () => {
  const registry = createRegistry();
  const [first, next] = [step('fil_1', 'fil_1-1'), step('fil_1', 'fil_1-2')];
  assert.ok(registry.enter(first));
  assert.ok(!registry.enter(next));
  const told: string[] = [];
  const waiting = Promise.all(['a', 'b'].map((who) => registry.left('fil_1').then(() => told.push(who))));
  await registry.left('fil_2');
  // One that never entered takes nobody's place away.
  registry.leave(next);
  await Promise.resolve();
  assert.deepEqual(told, []);
  registry.leave(first);
  await waiting;
  assert.deepEqual(told, ['a', 'b']);
  await registry.left('fil_1');
  assert.ok(registry.enter(next));
});

test('holds what runs under its lease, and no longer than that', () => {
  const registry = createRegistry();
  let leased = true;
  const running = { ...step('fil_1', 'fil_1-1'), loseLease: () => (leased = false), isLeased: () => leased };
  assert.ok(!registry.holds('fil_1'));
  registry.enter(running);
  assert.ok(registry.holds('fil_1'));
  registry.loseLeases(['fil_1-1']);
  assert.ok(!registry.holds('fil_1'));
});
