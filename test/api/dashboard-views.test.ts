/** What the dashboard's page reads: pages of batches and files, searches, failures in groups, figures, alarms. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BatchDetail, BatchRows, FileDetail, FileRows, Overview } from '../../src/api/dashboard-wire.ts';
import { advance } from '../../src/shared/advance.ts';
import { fileId } from '../../src/shared/ids.ts';
import { dropBatch } from '../../src/shared/drop-batch.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let redis: TestRedis;
let api: TestApi;

before(async () => {
  redis = await openTestRedis();
  api = await openTestApi(redis.socketPath, { API_KEYS: 'acme:acme-key,other:other-key,root:root-key:admin' });
});
after(async () => {
  await api.close();
  await redis.close();
});

const as = (key: string) => ({ authorization: `Bearer ${key}` });

async function get<T>(url: string, key = 'acme-key'): Promise<T> {
  const answer = await api.app.inject({ url: `/dashboard/api${url}`, headers: as(key) });
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json<T>();
}

async function post(changes: Record<string, unknown> = {}, key = 'acme-key'): Promise<string> {
  const answer = await api.app.inject({ method: 'POST', url: '/batches', headers: as(key), payload: aBatch(changes) });
  assert.equal(answer.statusCode, 202, answer.body);
  return answer.json<{ id: string }>().id;
}

/** Admits a file and lets its step be refused: the shortest way to a failure. */
async function fail(batchId: string, index: number, code: 'forbidden' | 'session_lost'): Promise<void> {
  const id = fileId(batchId, index);
  const admitted = await advance(api.ctx, id, { type: 'admitted', session: null, lane: null });
  assert.equal(admitted.kind, 'saved');
  if (admitted.kind !== 'saved') return;
  const { run } = admitted.loaded.file;
  assert.equal((await advance(api.ctx, id, { type: 'step-refused', run, code, detail: 'no' })).kind, 'saved');
}

test('finds a batch by the beginning of a custom id, by name, metadata and id', async () => {
  const files = [{ source: { url: 'https://example.com/a.mp4' }, custom_id: 'SKU-Red 42' }];
  const id = await post({ name: 'Große Liste', metadata: { shop: 'north' }, files });
  await post({ name: 'another' });
  for (const q of ['sku-red', 'SKU-RED 42', 'große', 'north', id]) {
    const { rows, matched } = await get<BatchRows>(`/batches?q=${encodeURIComponent(q)}`);
    assert.deepEqual(
      rows.map((row) => row.id),
      [id],
      q,
    );
    if (q.startsWith('sku')) assert.equal(matched[id]?.fileId, fileId(id, 0));
  }
  assert.deepEqual((await get<BatchRows>('/batches?q=sku-red', 'other-key')).rows, [], 'another tenant finds nothing');
  assert.equal((await get<BatchRows>('/batches?q=sku-red', 'root-key')).rows.length, 1);
});

test('forgets the custom ids of a batch that is dropped', async () => {
  const id = await post({ files: [{ source: { url: 'https://example.com/a.mp4' }, custom_id: 'gone-1' }] });
  assert.equal((await get<BatchRows>('/batches?q=gone-')).rows.length, 1);
  await dropBatch(api.ctx, id);
  assert.equal(await api.ctx.redis.zlexcount(api.ctx.keys.customIds('acme'), '[gone', '[gone~'), 0);
  assert.equal(await api.ctx.redis.zscore(api.ctx.keys.openRounds(), id), null);
});

test('pages by place, sorts, and keeps tenants apart', async () => {
  const big = await post({ name: 'big', files: someFiles(7) }, 'other-key');
  await post({ name: 'small' }, 'other-key');
  const first = await get<BatchRows>('/batches?limit=1', 'other-key');
  assert.deepEqual([first.total, first.rows[0]?.name], [2, 'small']);
  const second = await get<BatchRows>('/batches?limit=1&offset=1', 'other-key');
  assert.equal(second.rows[0]?.id, big);
  assert.equal((await get<BatchRows>('/batches?sort=total', 'other-key')).rows[0]?.id, big);
  assert.deepEqual((await get<BatchRows>('/batches?status=completed', 'other-key')).rows, []);
  const rows = await get<{ rows: unknown[] }>(`/batch-rows?ids=${big}`);
  assert.deepEqual(rows.rows, [], 'a row that is asked for by id is no way around it');
});

test('pages through files, by status and text, and reads named rows', async () => {
  const files = someFiles(5).map((file, at) => ({ ...file, name: `clip-${at}.mp4`, custom_id: `c${at}` }));
  const id = await post({ files });
  await fail(id, 3, 'forbidden');
  const page = await get<FileRows>(`/batches/${id}/files?offset=1&limit=2`);
  assert.deepEqual([page.total, page.rows.map(({ index }) => index)], [5, [1, 2]]);
  const failed = await get<FileRows>(`/batches/${id}/files?status=failed`);
  assert.deepEqual([failed.total, failed.rows[0]?.error], [1, 'forbidden']);
  assert.equal((await get<FileRows>(`/batches/${id}/files?q=CLIP-2`)).rows[0]?.index, 2);
  assert.equal((await get<FileRows>(`/batches/${id}/files?code=session_lost`)).total, 0);
  const named = await get<FileRows>(`/batches/${id}/file-rows?indexes=4,0`);
  assert.deepEqual(
    named.rows.map(({ index, status }) => [index, status]),
    [
      [4, 'queued'],
      [0, 'queued'],
    ],
  );
  assert.equal(named.rows[0]?.waits?.reason, 'slot');
});

test('groups failures by code, with what a retry of each costs', async () => {
  const id = await post({ files: someFiles(4) });
  await fail(id, 0, 'forbidden');
  await fail(id, 1, 'session_lost');
  await fail(id, 2, 'session_lost');
  const { failures } = await get<BatchDetail>(`/batches/${id}`);
  assert.deepEqual(
    failures.map(({ code, count, credits, fileIds }) => [code, count, credits, fileIds]),
    [
      ['session_lost', 2, 100, [fileId(id, 1), fileId(id, 2)]],
      ['forbidden', 1, 50, [fileId(id, 0)]],
    ],
  );
});

test('keeps the log lines of a file in its record, capped', async () => {
  const id = await post();
  await fail(id, 0, 'forbidden');
  const { log, source } = await get<FileDetail>(`/batches/${id}/files/${fileId(id, 0)}`);
  assert.deepEqual(
    log.map(({ event, to, note }) => [event, to, note]),
    [
      ['admitted', 'uploading', null],
      ['step-refused', 'failed', 'forbidden'],
    ],
  );
  assert.equal(source.playUrl, null);
  for (let at = 0; at < 80; at += 1) {
    await advance(api.ctx, fileId(id, 0), { type: 'retried' });
    await fail(id, 0, 'forbidden').catch(() => null);
    await advance(api.ctx, fileId(id, 0), { type: 'canceled' });
  }
  const text = (await api.ctx.redis.hget(api.ctx.keys.file(fileId(id, 0)), 'g')) ?? '';
  assert.ok(text.length <= 4096, `${text.length} bytes`);
});

test('counts what happens by the minute, for a tenant and for all, and tells what needs a person', async () => {
  const id = await post({ files: someFiles(6) });
  for (let at = 0; at < 6; at += 1) await fail(id, at, 'forbidden');
  const own = await get<Overview>('/overview');
  const failed = own.minutes.reduce((sum, minute) => sum + minute.failed, 0);
  assert.ok(failed >= 6, `${failed} failed`);
  const { minutes } = await get<Overview>('/overview', 'other-key');
  assert.equal(
    minutes.reduce((sum, minute) => sum + minute.failed, 0),
    0,
  );
  assert.equal(own.minutes.length, 60);
  assert.equal(own.hours.length, 24);
  assert.deepEqual(
    own.waiting.map(({ tenant }) => tenant),
    ['acme'],
  );
  const codes = own.alarms.map(({ code }) => code);
  assert.ok(codes.includes('no_worker') && codes.includes('many_failures'), codes.join());
  assert.ok(own.redis.usedBytes > 0);
  const name = api.ctx.keys.minute(String(Math.floor(own.now / 60_000)));
  assert.ok((await api.ctx.redis.ttl(name)) > 0, 'figures end by themselves');
});

test('shows nobody another tenant’s batch or file', async () => {
  const id = await post();
  for (const url of [
    `/batches/${id}`,
    `/batches/${id}/files`,
    `/batches/${id}/files/${fileId(id, 0)}`,
    `/live?view=batch&id=${id}`,
  ]) {
    const answer = await api.app.inject({ url: `/dashboard/api${url}`, headers: as('other-key') });
    assert.equal(answer.statusCode, 404, url);
  }
});
