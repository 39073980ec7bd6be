/** What needs a person, and what does not: each rule from both sides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmsOf, type Seen } from '../../src/api/dashboard-alarms.ts';
import type { OpenBatch } from '../../src/api/dashboard-open-batches.ts';
import { figureNames, type Figures } from '../../src/shared/minute-figures.ts';
import { countStatuses } from '../../src/shared/domain/batch.ts';

const now = 1_700_000_000_000;
const none = Object.fromEntries(figureNames.map((name) => [name, 0])) as Record<(typeof figureNames)[number], number>;
const minute = (changes: Partial<Figures> = {}): Figures => ({ ...none, ...changes });

const worker = {
  id: 'w',
  host: 'h',
  pid: 1,
  version: '1',
  running: 0,
  rssBytes: 1,
  lastStepAt: now - 1000,
  seenAt: now,
};
const batch: OpenBatch = {
  id: 'bat_1',
  tenant: 'acme',
  createdAt: now - 7_200_000,
  paused: false,
  blocked: null,
  estimated: 100,
  paidSessions: 2,
  counts: countStatuses(['parked', 'queued']),
};
const well: Seen = {
  now,
  account: {
    kind: 'registered',
    available: 1000,
    frozen: 0,
    readAt: now,
    creditsPerHour: 0,
    emptyInMs: null,
    inFlight: 1,
    window: 10,
    maxWindow: 10,
    until: 0,
    blocked: null,
    blockedAt: null,
    downSince: null,
    helpUrl: 'https://example.com/top-up',
  },
  batches: [batch],
  minutes: [minute({ done: 100, failed: 4 })],
  workers: [worker],
  redis: {
    version: '7',
    latencyMs: 1,
    usedBytes: 10,
    maxBytes: 0,
    appendOnly: true,
    lastWriteOk: true,
    policy: 'noeviction',
    keys: 1,
  },
  webhooks: { due: 1, overdue: 0, oldestDue: null },
  waitingJobs: 0,
};
const codes = (changes: Partial<Seen>): string[] => alarmsOf({ ...well, ...changes }).map(({ code }) => code);
const account = (changes: Partial<Seen['account']>) => ({ account: { ...well.account, ...changes } });

test('is silent while all is well, and with nothing to do and nobody to do it', () => {
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes({ workers: [], batches: [] }), []);
});

test('tells what stands still', () => {
  assert.deepEqual(codes({ workers: [] }), ['no_worker']);
  const idle = [{ ...worker, lastStepAt: now - 120_000 }];
  assert.deepEqual(codes({ workers: idle, waitingJobs: 3 }), ['work_not_taken']);
  assert.deepEqual(codes({ workers: idle, waitingJobs: 0 }), []);
  assert.deepEqual(codes({ workers: [{ ...worker, lastStepAt: now - 120_000, running: 2 }], waitingJobs: 3 }), []);
  assert.deepEqual(codes({ workers: [worker, { ...worker, version: '2' }] }), ['mixed_versions']);
});

test('tells what the account lacks, with where it is had', () => {
  const [blocked] = alarmsOf({ ...well, ...account({ blocked: 'out_of_credits', blockedAt: now - 5 }) });
  assert.deepEqual(
    [blocked?.code, blocked?.level, blocked?.count, blocked?.since, blocked?.url],
    ['out_of_credits', 'critical', 1, now - 5, 'https://example.com/top-up'],
  );
  assert.deepEqual(codes(account({ blocked: 'token_invalid' })), ['token_invalid']);
  assert.deepEqual(codes(account({ downSince: now - 1 })), ['upstream_down']);
  assert.deepEqual(codes(account({ until: now + 1000 })), ['rate_limited']);
  assert.deepEqual(codes({ ...account({ available: 10 }), batches: [{ ...batch, paidSessions: 0 }] }), [
    'credits_short',
  ]);
  assert.deepEqual(codes(account({ available: null })), []);
});

test('tells what is held, fails or is refused', () => {
  assert.deepEqual(codes({ batches: [{ ...batch, blocked: 'max_credits' }] }), ['max_credits']);
  assert.deepEqual(codes({ batches: [{ ...batch, paused: true }] }), ['paused_long']);
  assert.deepEqual(codes({ batches: [{ ...batch, paused: true, createdAt: now - 1000 }] }), []);
  assert.deepEqual(codes({ minutes: [minute({ done: 10, failed: 5 })] }), ['many_failures']);
  assert.deepEqual(codes({ minutes: [minute({ hook_failures: 1 })] }), ['webhooks_failing']);
  assert.deepEqual(codes({ webhooks: { due: 1, overdue: 1, oldestDue: now - 60_000 } }), ['webhooks_failing']);
});

test('tells what Redis may lose, and puts the urgent first', () => {
  const redis = { ...well.redis, policy: 'allkeys-lru' };
  assert.deepEqual(codes({ redis }), ['redis_not_durable']);
  assert.deepEqual(codes({ redis: { ...well.redis, usedBytes: 90, maxBytes: 100 } }), ['redis_memory']);
  const both = alarmsOf({ ...well, redis, workers: [] });
  assert.deepEqual(
    both.map(({ level }) => level),
    ['critical', 'warning'],
  );
});
