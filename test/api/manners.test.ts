/** What goes with every answer: request ids, traces, limits of a key, compression, other origins, waiting for the end. */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createLog } from '../../src/shared/log.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, tell } from '../shared/webhook/open-webhook-context.ts';
import { until } from '../shared/webhook/receiver.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());

async function open(t: TestContext, environment: Record<string, string> = {}, overrides = {}): Promise<TestApi> {
  const api = await openTestApi(server.socketPath, environment, overrides);
  t.after(api.close);
  return api;
}

const post = (api: TestApi, headers: Record<string, string> = {}, payload = aBatch()) =>
  api.app.inject({ method: 'POST', url: '/batches', headers, payload });

test('takes the id and the trace of a request over, into logs, answers and the batch', async (t) => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const api = await open(t, {}, { log });
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const made = await post(api, { 'x-request-id': 'caller-7', traceparent });
  assert.equal(made.headers['x-request-id'], 'caller-7');
  const spec = JSON.parse((await api.ctx.redis.hget(api.ctx.keys.batch(made.json().id), 'spec')) ?? '{}');
  assert.deepEqual([spec.requestId, spec.traceparent], ['caller-7', traceparent]);
  assert.ok(lines.some((line) => JSON.parse(line).request_id === 'caller-7'));
  for (const unfit of ['a b', 'x'.repeat(129), '{"a":1}', '']) {
    const answer = await post(api, { 'x-request-id': unfit, traceparent: '00-0-0-0' });
    assert.match(String(answer.headers['x-request-id']), /^req_[0-9a-f]{32}$/);
  }
  const refused = await api.app.inject({ url: '/nowhere', headers: { 'x-request-id': 'caller-8' } });
  assert.deepEqual([refused.headers['x-request-id'], refused.json().request_id], ['caller-8', 'caller-8']);
});

test('limits the requests of each key over all processes, and says when to come again', async (t) => {
  const environment = { API_KEYS: 'acme:key-one,acme:key-two,zeta:key-three', API_RATE_LIMIT: '3' };
  const api = await open(t, environment);
  const other = await open(t, { ...environment, REDIS_PREFIX: api.ctx.config.redisPrefix });
  const get = (from: TestApi, key: string) =>
    from.app.inject({ url: '/batches', headers: { authorization: `Bearer ${key}` } });
  const answers = [];
  for (const from of [api, other, api, other]) answers.push(await get(from, 'key-one'));
  assert.deepEqual(
    answers.map(({ statusCode, headers }) => [statusCode, headers['ratelimit-remaining']]),
    [
      [200, '2'],
      [200, '1'],
      [200, '0'],
      [429, '0'],
    ],
  );
  const [, , , refused] = answers;
  assert.equal(refused?.json().code, 'too_many_requests');
  assert.match(String(refused?.headers['content-type']), /^application\/problem\+json/);
  assert.ok(Number(refused?.headers['retry-after']) > 0 && Number(refused?.headers['retry-after']) <= 60);
  assert.equal(refused?.headers['ratelimit-limit'], '3');
  for (const key of ['key-two', 'key-three']) assert.equal((await get(api, key)).statusCode, 200, key);
  for (let n = 0; n < 5; n += 1) assert.equal((await api.app.inject({ url: '/healthz' })).statusCode, 200);
});

test('compresses what is long, by br or gzip, and never video or small answers', async (t) => {
  const api = await open(t);
  const { id } = (await post(api, {}, aBatch({ files: someFiles(20) }))).json();
  const get = (url: string, encoding: string) => api.app.inject({ url, headers: { 'accept-encoding': encoding } });
  const plain = (await get(`/batches/${id}/results`, 'identity')).body;
  const br = await get(`/batches/${id}/results`, 'gzip, br');
  assert.deepEqual([br.headers['content-encoding'], brotliDecompressSync(br.rawPayload).toString()], ['br', plain]);
  const page = await get(`/batches/${id}/files`, 'gzip');
  assert.deepEqual(
    [page.headers['content-encoding'], JSON.parse(gunzipSync(page.rawPayload).toString()).data.length],
    ['gzip', 20],
  );
  assert.match(String(page.headers['vary']), /accept-encoding/i);
  assert.equal((await get(`/batches/${id}`, 'br')).headers['content-encoding'], undefined);
  await tell(api.ctx, id, 0, ...completing);
  const first = (await get(`/batches/${id}/files?limit=1`, 'identity')).json().data[0].id;
  assert.equal((await get(`/batches/${id}/files/${first}/content`, 'br')).headers['content-encoding'], undefined);
});

test('lets pages of other origins in only where they are named', async (t) => {
  const closed = await open(t);
  const named = await open(t, { API_CORS_ORIGINS: 'https://app.example', API_KEYS: 'acme:key-one' });
  const ask = (api: TestApi, origin: string) =>
    api.app.inject({
      method: 'OPTIONS',
      url: '/batches',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
  assert.equal((await ask(closed, 'https://app.example')).headers['access-control-allow-origin'], undefined);
  const allowed = await ask(named, 'https://app.example');
  assert.deepEqual([allowed.statusCode, allowed.headers['access-control-allow-origin']], [204, 'https://app.example']);
  assert.match(String(allowed.headers['access-control-allow-headers']), /idempotency-key/);
  assert.notEqual(
    (await ask(named, 'https://evil.example')).headers['access-control-allow-origin'],
    'https://evil.example',
  );
  const refused = await named.app.inject({ url: '/batches', headers: { origin: 'https://app.example' } });
  assert.deepEqual([refused.statusCode, refused.headers['access-control-allow-origin']], [401, 'https://app.example']);
});

test('waits for the end of a small batch where that is preferred, and no longer than asked', async (t) => {
  const api = await open(t);
  const waiting = post(api, { prefer: 'respond-async, wait=30' });
  await until(async () => (await api.ctx.redis.zcard(api.ctx.keys.allBatches())) === 1);
  const [id = ''] = await api.ctx.redis.zrange(api.ctx.keys.allBatches(), '0', '-1');
  await tell(api.ctx, id, 0, ...completing);
  const ended = await waiting;
  assert.deepEqual([ended.statusCode, ended.headers['preference-applied']], [202, 'wait=30']);
  assert.deepEqual([ended.json().status, ended.json().warnings.length > 0 || ended.json().warnings], ['completed', []]);
  const startedAt = Date.now();
  const timedOut = await post(api, { prefer: 'wait=1' });
  assert.deepEqual(
    [timedOut.json().status, timedOut.headers['location']],
    ['queued', `/batches/${timedOut.json().id}`],
  );
  assert.ok(Date.now() - startedAt >= 900);
  for (const [prefer, files] of [
    ['wait=30', 21],
    ['wait=soon', 1],
    ['wait=0', 1],
  ] as const) {
    const refused = await post(api, { prefer }, aBatch({ files: someFiles(files) }));
    assert.equal(refused.headers['preference-applied'], undefined, prefer);
  }
});
