/** How long a due time is waited for, whatever has become of the clock that it was written by. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestWaitMs, waitMs } from '../../../src/shared/domain/policy.ts';
import { policy, t0 } from './records.ts';

test('waits until what is due, and not for what is past', () => {
  assert.equal(waitMs(t0 + 30_000, t0, policy), 30_000);
  assert.equal(waitMs(t0, t0, policy), 0);
  assert.equal(waitMs(t0 - 3_600_000, t0, policy), 0);
});

test('adds no hour to a wait when the clock was set back by one', () => {
  const hour = 3_600_000;
  assert.equal(waitMs(t0 + hour + 30_000, t0, policy), 0);
  assert.ok(longestWaitMs(policy) < hour);
  assert.equal(waitMs(t0 + longestWaitMs(policy), t0, policy), longestWaitMs(policy), 'what may be planned is kept');
  assert.equal(longestWaitMs({ ...policy, editRecheckMs: 2 * hour }), 2 * hour, 'settings count');
});
