/** MAX_WAITING_FILES: how many files of a tenant may wait, whatever becomes of them afterwards. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { dropBatch } from '../../src/shared/drop-batch.ts';
import { workOffMarks } from '../../src/shared/bulk.ts';
import { dispatch } from '../../src/workers/dispatch.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;
let breaksAt: string | null = null;

before(async () => {
  server = await openTestRedis();
  const environment = { MAX_WAITING_FILES: '5', UPLOAD_CONCURRENCY: '2', API_KEYS: 'acme:acme-key,other:other-key' };
  api = await openTestApi(server.socketPath, environment, {
    reach: (point) => {
      if (point === breaksAt) throw new Error('broken here');
    },
  });
});
after(async () => {
  await api.close();
  await server.close();
});

const post = (count: number, changes: object = {}, headers: Record<string, string> = {}, key = 'acme-key') =>
  api.app.inject({
    method: 'POST',
    url: '/batches',
    headers: { authorization: `Bearer ${key}`, ...headers },
    payload: aBatch({ files: someFiles(count), ...changes }),
  });
const waiting = async (): Promise<number> => Number(await api.ctx.redis.get(api.ctx.keys.tenantWaiting('acme')));

test('refuses a tenant whose files wait, with Retry-After, and nobody else', async () => {
  const first = await post(3);
  assert.equal(first.statusCode, 202);
  const refused = await post(3, {}, { 'idempotency-key': 'again' });
  assert.deepEqual([refused.statusCode, refused.json().code], [429, 'too_many_waiting_files']);
  assert.equal(refused.headers['retry-after'], '60');
  assert.equal((await post(3, {}, {}, 'other-key')).statusCode, 202);
  assert.equal((await post(3, { dry_run: true })).statusCode, 200, 'a dry run waits for nothing');
  assert.equal((await post(6)).statusCode, 422, 'what can never fit is no matter of time');
  const second = await post(2);
  assert.equal(second.statusCode, 202, 'up to the very bound');
  assert.equal(await waiting(), 5);

  // Both tenants take turns, and two files wait for their upload at most.
  await dispatch(api.ctx);
  assert.equal(await waiting(), 4);
  const { id } = second.json();
  assert.equal(
    (
      await api.app.inject({
        method: 'POST',
        url: `/batches/${id}/cancel`,
        headers: { authorization: 'Bearer acme-key' },
      })
    ).statusCode,
    202,
  );
  await workOffMarks(api.ctx, id);
  assert.equal(await waiting(), 2);
  const again = await post(3, {}, { 'idempotency-key': 'again' });
  assert.equal(again.statusCode, 202, 'the refused request has not used up its key');
  await dropBatch(api.ctx, again.json().id);
  await dropBatch(api.ctx, again.json().id);
  assert.equal(await waiting(), 2, 'a batch that is dropped gives its room back, once');
});

test('a batch that fails on the way in gives its room back', async () => {
  const before = await waiting();
  breaksAt = 'intake: before accept';
  assert.equal((await post(1)).statusCode, 500);
  breaksAt = null;
  assert.equal(await waiting(), before);
});
