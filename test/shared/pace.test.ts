import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFleet } from '../../src/shared/fleet.ts';
import { backlogSeconds, filesPerSecond, paceMs } from '../../src/shared/pace.ts';
import { openTestContext } from '../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';

let redis: TestRedis;
before(async () => void (redis = await openTestRedis()));
after(() => redis.close());

const work = { waiting: 900, inFlight: 100, window: 200 };

test('divides what is waiting and in flight by the measured rate', () => {
  // One file a second over one fading time.
  const pace = { ended: paceMs / 1000, busyMs: paceMs, at: 1_000 };
  assert.equal(filesPerSecond(pace, work, 1_000), 1);
  assert.equal(backlogSeconds(pace, work, 1_000), 1_000);
  assert.equal(backlogSeconds(pace, { ...work, waiting: 0, inFlight: 0 }, 1_000), 0);
});

test('takes what the upstream names as usual until a file has ended', () => {
  const pace = { ended: 0, busyMs: 0, at: null };
  assert.equal(backlogSeconds(pace, work, 0), 1000 / (200 / 120));
});

test('grows while files are in flight and none ends, and keeps the pace over a rest', () => {
  const pace = { ended: 300, busyMs: paceMs, at: 0 };
  const minutes = [0, 5, 10, 30].map((minute) => backlogSeconds(pace, work, minute * 60_000));
  assert.deepEqual(
    minutes.toSorted((a, b) => a - b),
    minutes,
  );
  assert.ok((minutes[3] ?? 0) > 100 * (minutes[0] ?? 0));
  assert.equal(filesPerSecond(pace, { ...work, inFlight: 0 }, 8 * 3_600_000), 1);
});

test('counts what may be admitted: lists that are in the ring, none of a paused batch', async (t) => {
  const { ctx, close } = await openTestContext(redis.socketPath);
  t.after(close);
  const { keys } = ctx;
  const fill = ctx.redis.pipeline();
  for (const batch of ['a', 'b', 'c']) fill.rpush(keys.waiting(batch), 0, 1, 2, 3);
  fill
    .zadd(keys.ring(), 0, 'ann', 0, 'bob')
    .zadd(keys.tenantRing('ann'), 0, 'a', 0, 'b')
    .zadd(keys.tenantRing('bob'), 0, 'd');
  fill.rpush(keys.free(), 'x').sadd(keys.inFlight(ctx.accountId), 'y', 'z');
  await fill.exec();
  const fleet = await readFleet(ctx);
  assert.deepEqual([fleet.waiting, fleet.inFlight, fleet.credits, fleet.blocked], [9, 2, null, null]);
  // Beyond the lists that are looked at, the mean of those stands for the rest.
  const [, , , waiting] = (await ctx.scripts.fleet(ctx.accountId, 1)) as number[];
  assert.equal(waiting, 4 * 3 + 1);
});
