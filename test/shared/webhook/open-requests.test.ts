import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Standing } from '../../../src/shared/webhook/endpoint.ts';
import { createOpenRequests, type OpenRequests } from '../../../src/shared/webhook/open-requests.ts';

/** How many more of this kind get in. */
function fill(room: OpenRequests, tenant: string, standing: Standing): number {
  for (let entered = 0; ; entered += 1) if (room.enter(tenant, standing).kind === 'full') return entered;
}

test('a tenant with dead receivers without number leaves room for its good ones and for everybody else', () => {
  const room = createOpenRequests(512);
  assert.equal(fill(room, 'acme', 'troubled'), 90);
  assert.equal(fill(room, 'acme', 'unknown'), 60);
  assert.equal(fill(room, 'acme', 'quick'), 74);
  assert.equal(fill(room, 'zeta', 'troubled'), 45);
  assert.ok(fill(room, 'zeta', 'quick') > 50);
});

test('a newcomer finds room beside fifty tenants that hold all they may', () => {
  const room = createOpenRequests(512);
  for (let n = 0; n < 50; n += 1) fill(room, `tenant ${n}`, 'quick');
  assert.equal(room.enter('newcomer', 'unknown').kind, 'entered');
});

test('leaving twice gives one place', () => {
  const room = createOpenRequests(2);
  const entry = room.enter('acme', 'quick');
  assert.equal(room.enter('acme', 'quick').kind, 'full');
  assert.ok(entry.kind === 'entered');
  entry.leave();
  entry.leave();
  assert.equal(room.size(), 0);
  assert.equal(room.enter('acme', 'quick').kind, 'entered');
});

test('who is sent away comes back one service time behind the one before, within a minute', () => {
  let now = 0;
  const room = createOpenRequests(10, () => now);
  const entries = [0, 1, 2, 3].map(() => room.enter('acme', 'quick'));
  now = 8000;
  const [first] = entries;
  assert.ok(first?.kind === 'entered');
  first.leave(); // 8 s and the first guess: about 4 s
  assert.equal(room.enter('acme', 'quick').kind, 'entered');
  const delays = [0, 1].map(() => {
    const entry = room.enter('acme', 'quick');
    return entry.kind === 'full' ? entry.delayMs : 0;
  });
  assert.deepEqual(delays, [1013, 2025]);
  let last = 0;
  for (let n = 0; n < 1000; n += 1) {
    const entry = room.enter('acme', 'quick');
    last = entry.kind === 'full' ? entry.delayMs : 0;
  }
  assert.equal(last, 60_000);
});
