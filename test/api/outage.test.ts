/** What the API answers while others are away: the store, the upstream; and what never gets out of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileId } from '../../src/shared/ids.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, tell } from '../shared/webhook/open-webhook-context.ts';
import { aBatch, openTestApi, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;

before(async () => {
  server = await openTestRedis();
  const gone = async (): Promise<never> => {
    throw new Error('the secret of the upstream');
  };
  api = await openTestApi(server.socketPath, {}, { readCredits: gone, openContent: gone });
});
after(() => api.close());

const json = { 'content-type': 'application/json' };
const post = () =>
  api.app.inject({ method: 'POST', url: '/batches', headers: json, payload: JSON.stringify(aBatch()) });

test('an upstream that is away is a 502 without its words, and stops no batch', async () => {
  const accepted = await post();
  assert.equal(accepted.statusCode, 202);
  const { id } = accepted.json();
  await tell(api.ctx, id, 0, ...completing);
  for (const [url, code] of [
    ['/credits', 'credits_unavailable'],
    [`/batches/${id}/files/${fileId(id, 0)}/content`, 'output_unavailable'],
  ] as const) {
    const answer = await api.app.inject({ url });
    assert.deepEqual([answer.statusCode, answer.json().code], [502, code]);
    assert.doesNotMatch(answer.body, /secret/);
  }
});

test('a fault of our own is a 500 without its words', async () => {
  const accepted = await post();
  await api.ctx.redis.hset(api.ctx.keys.batch(accepted.json().id), 'spec', 'secret: no JSON');
  const answer = await api.app.inject({ url: accepted.json().links.self });
  assert.deepEqual([answer.statusCode, answer.json().code], [500, 'internal_error']);
  assert.doesNotMatch(answer.body, /secret/);
});

test('without a store every route answers 503 at once, with Retry-After', async () => {
  await server.close();
  for (const url of ['/batches', '/batches/bat_00000000000000000000000000000000', '/webhook-deliveries']) {
    const answer = await api.app.inject({ url });
    assert.deepEqual([url, answer.statusCode, answer.json().code], [url, 503, 'unavailable']);
    assert.equal(answer.headers['retry-after'], '2');
  }
  assert.equal((await post()).statusCode, 503);
  assert.equal((await api.app.inject({ url: '/readyz' })).statusCode, 503);
  assert.equal((await api.app.inject({ url: '/healthz' })).statusCode, 200);
});
