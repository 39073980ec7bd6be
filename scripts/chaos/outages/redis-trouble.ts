/** Redis answers, but not as it should: a replica after a failover, full, slow, cut in mid-script, emptied. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../arena.ts';
import { hasEnded, readBatch } from '../verdict.ts';
import { postOne, statusOf } from './caller.ts';
import { openRedisProcess } from './redis-process.ts';
import type { Place } from './place.ts';
import type { Scenario } from './scenario.ts';

const cut: Scenario = {
  name: 'redis: connections cut in mid-script',
  files: 20,
  api: 'either',
  run: async ({ place, faults, back }) => {
    place.proxy.cutReplies(30);
    const answers = new Set<number>();
    const last = await until(
      'thirty cuts, and a batch taken in between',
      async () => {
        const posted = await postOne(place, 'in-between');
        answers.add(posted.status);
        return place.proxy.cutsLeft() === 0 && posted.status === 202 ? posted : null;
      },
      60_000,
    );
    back();
    const strange = [...answers].filter((status) => ![202, 409, 503].includes(status));
    if (strange.length > 0) faults.push(`POST answered ${strange.join(', ')}`);
    const named = await namedBatches(place, 'in-between');
    if (named.length !== 1 || named[0] !== last.id) faults.push(`${named.length} batches under one key`);
    await until('it ends', async () => hasEnded(await readBatch(place, last.id ?? '')), 60_000);
  },
};

async function namedBatches(place: Place, name: string): Promise<string[]> {
  const response = await fetch(`${place.api}/batches?limit=1000`);
  const { data } = (await response.json()) as { data: { id: string; name: string }[] };
  return data.filter((batch) => batch.name === name).map(({ id }) => id);
}

const emptied: Scenario = {
  name: 'redis: restarted empty, its file gone; then restored',
  files: 20,
  api: 'refuses',
  run: async ({ place, batchId, faults, away, back }) => {
    const { redis } = place;
    await redis.kill();
    away();
    await redis.hideData();
    await redis.start();
    await until('it says so', async () => (await statusOf(place, '/healthz')) === 503);
    const posted = await postOne(place, 'into-the-void');
    if (posted.code !== 'data_lost') faults.push(`POST answered ${posted.status} ${posted.code}`);
    for (const path of [`/batches/${batchId}`, '/batches', '/readyz']) {
      const status = await statusOf(place, path);
      if (status !== 503) faults.push(`${path} answered ${status}`);
    }
    const refusal = await place.start('api').then(
      () => 'started',
      (error: unknown) => String(error),
    );
    if (!refusal.includes('what was accepted is lost')) faults.push('a new process pretends');
    await redis.kill();
    await redis.restoreData();
    await redis.start();
    back();
  },
};

const failover: Scenario = {
  name: 'redis: failover, read-only for 4 s',
  files: 20,
  api: 'either',
  run: async ({ place, faults, back }) => {
    const replica = await openRedisProcess(place.folder);
    try {
      await replica.ask('REPLICAOF', '127.0.0.1', place.redis.port);
      await until('the replica has it all', async () => Number(await place.redis.ask('WAIT', 1, 1000)) === 1);
      await place.redis.kill();
      place.proxy.leadTo(replica.port);
      const readOnlyMs = 4000;
      const from = performance.now();
      await until('it answers', async () => (await statusOf(place, '/readyz')) === 200);
      const posted = await postOne(place, 'to-a-replica');
      if (posted.status !== 503 || posted.retryAfter === null) faults.push(`POST answered ${posted.status}`);
      await delay(Math.max(0, readOnlyMs - (performance.now() - from)));
      await replica.ask('REPLICAOF', 'NO', 'ONE');
    } finally {
      place.onClose(replica.kill);
    }
    back();
  },
};

const full: Scenario = {
  name: 'redis: full, under noeviction',
  files: 20,
  api: 'answers',
  run: async ({ place, batchId, faults, back }) => {
    const before = await place.ctx.redis.dbsize();
    await place.redis.ask('CONFIG', 'SET', 'maxmemory', '1mb');
    back();
    const posted = await postOne(place, 'too-much');
    if (posted.status !== 503 || posted.retryAfter === null) faults.push(`POST answered ${posted.status}`);
    const left = (await place.ctx.redis.keys('*')).filter((key) => /:(b|idem):/.test(key) && !key.includes(batchId));
    if (left.length > 0) faults.push(`stored all the same: ${left.join(' ')} (of ${before} keys)`);
    await until('what was accepted ends', async () => hasEnded(await readBatch(place, batchId)), 120_000);
    await place.redis.ask('CONFIG', 'SET', 'maxmemory', '0');
    if ((await postOne(place, 'too-much')).status !== 202) faults.push('POST is still refused');
  },
};

const slow: Scenario = {
  name: 'redis: 500 ms a command, for 20 s',
  files: 20,
  api: 'answers',
  run: async ({ place, faults, back }) => {
    place.proxy.slowDown(500);
    const from = Date.now();
    await delay(20_000);
    const calls = place.sandbox.ledger().calls.filter(({ at }) => at > from + 2000).length;
    if (calls === 0) faults.push('nothing went on while it was slow');
    place.proxy.slowDown(0);
    back();
  },
};

export const redisTrouble: readonly Scenario[] = [cut, emptied, failover, full, slow];
