import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxRetryAfterMs, planRetry } from '../../../src/shared/webhook/retry-plan.ts';

const schedule = [0, 5000, 300_000];
const outcome = (status: number | null, retryAfterMs: number | null = null) => ({ status, retryAfterMs });

test('any 2xx is delivered, whatever else it says', () => {
  for (const status of [200, 202, 204, 299]) {
    assert.deepEqual(planRetry(3, schedule, outcome(status, 1000)), { kind: 'delivered' });
  }
});

test('anything else is tried again after the next delay of the schedule, redirects and silence too', () => {
  for (const status of [null, 199, 301, 307, 400, 404, 429, 500]) {
    assert.deepEqual(planRetry(1, schedule, outcome(status)), { kind: 'again', delayMs: 5000 });
    assert.deepEqual(planRetry(2, schedule, outcome(status)), { kind: 'again', delayMs: 300_000 });
  }
});

test('the last attempt of the schedule fails, whatever the receiver asks for', () => {
  assert.deepEqual(planRetry(3, schedule, outcome(500, 1000)), { kind: 'failed' });
  assert.deepEqual(planRetry(1, [0], outcome(null)), { kind: 'failed' });
});

test('410 ends it at once', () => {
  assert.deepEqual(planRetry(1, schedule, outcome(410, 1000)), { kind: 'gone' });
});

test('Retry-After counts where it is longer, up to a day', () => {
  assert.deepEqual(planRetry(1, schedule, outcome(429, 60_000)), { kind: 'again', delayMs: 60_000 });
  assert.deepEqual(planRetry(1, schedule, outcome(503, 1000)), { kind: 'again', delayMs: 5000 });
  assert.deepEqual(planRetry(1, schedule, outcome(503, 1e12)), { kind: 'again', delayMs: maxRetryAfterMs });
});
