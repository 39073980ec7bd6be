/** A Redis that answers, but is full, or has lost what it held: the API says so, and pretends nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { knowStore } from '../../src/shared/know-store.ts';
import { until } from '../end-to-end/world.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;

before(async () => {
  server = await openTestRedis();
  api = await openTestApi(server.socketPath);
  await knowStore(api.ctx, true);
});
after(async () => {
  await api.close();
  await server.close();
});

const post = (changes?: Record<string, unknown>, key = 'once') =>
  api.app.inject({
    method: 'POST',
    url: '/batches',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    payload: JSON.stringify(aBatch(changes)),
  });

test('a full Redis refuses new batches and stores nothing of them, and lets work end', async () => {
  const { redis, keys, queues, scripts, accountId } = api.ctx;
  const before = (await redis.keys('*')).toSorted();
  await redis.config('SET', 'maxmemory', '1');
  try {
    const refused = await post({ files: someFiles(3) });
    assert.deepEqual([refused.statusCode, refused.json().code], [503, 'unavailable']);
    assert.equal(refused.headers['retry-after'], '2');
    await assert.rejects(redis.set('x', '1'), /OOM/, 'it is full');
    await queues.edit.add('edit', { file_id: 'fil_x', run: 1 }, { jobId: 'fil_x-1' });
    await scripts['note-account'](accountId, JSON.stringify({ ok: 1, max_window: 10 }), '0');
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
  const added = (await redis.keys('*')).filter((key) => !before.includes(key));
  assert.deepEqual(
    added.filter((key) => !key.startsWith(`${keys.tag}:edit:`) && key !== keys.account(accountId)),
    [],
  );
  assert.equal((await post()).statusCode, 202);
});

test('an emptied Redis is no service without batches, but one that refuses', async () => {
  const accepted = await post();
  assert.equal(accepted.statusCode, 202);
  await api.ctx.redis.flushall();
  await until('it is noticed', async () => (api.ctx.watch.state() === 'emptied' ? true : null), 5000);
  for (const url of [accepted.json().links.self, '/batches']) {
    const answer = await api.app.inject({ url });
    assert.deepEqual([url, answer.statusCode, answer.json().code], [url, 503, 'data_lost']);
  }
  assert.equal((await post({}, 'another')).statusCode, 503);
  assert.equal((await api.app.inject({ url: '/healthz' })).statusCode, 503);
  assert.equal((await api.app.inject({ url: '/readyz' })).statusCode, 503);
  await assert.rejects(knowStore(api.ctx, true), /what was accepted is lost/, 'a new process refuses, too');
});
