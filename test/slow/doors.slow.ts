/** 10,000 requests that nothing may come of: no 5xx, nothing stored, and the process serves on as before. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { Pool } from 'undici';
import { httpLimits } from '../../src/api/http-limits.ts';
import { aBatch, openTestApi, type TestApi } from '../api/open-test-api.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { malformedBytes, malformedRequests, type Malformed, type OpenApi } from './malformed-requests.ts';

const requests = 9000;
const sockets = 1000;
const seed = 20_261_124;
const atOnce = 16;
const key = 'acme-key';
/** Of GETs; no write may be among them. */
const taken = [200];

let server: TestRedis;
let api: TestApi;
let port: number;

before(async () => {
  server = await openTestRedis();
  const limits = { ...httpLimits, headersTimeoutMs: 500, bodyTimeoutMs: 500, checkMs: 50 };
  api = await openTestApi(server.socketPath, { API_KEYS: `acme:${key}` }, {}, limits);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = api.app.server.address() as AddressInfo);
});
after(async () => {
  await api.close();
  await server.close();
});

async function stored() {
  const keys = await api.ctx.redis.keys(`${api.ctx.keys.tag}*`);
  return { keys: keys.toSorted(), uploads: await readdir(api.ctx.config.uploadDir) };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const one = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

const bump = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
const shown = (counts: Map<string, number>): string =>
  [...counts].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, count]) => `${name}: ${count}`).join(', '); // prettier-ignore

test(`${requests} requests that no route may take store nothing and are no fault of ours`, async (t) => {
  const document = (await api.app.inject('/openapi.json')).json() as OpenApi;
  const before = await stored();
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: atOnce });
  t.after(() => pool.destroy());
  const counts = new Map<string, number>();
  const wrong: unknown[] = [];
  await inParallel(fc.sample(malformedRequests(document), { numRuns: requests, seed }), async (request: Malformed) => {
    const answer = await pool.request({
      method: request.method,
      path: request.path,
      headers: { ...request.headers, authorization: `Bearer ${key}` },
      body: request.body,
    });
    const isStream = answer.headers['content-type'] === 'text/event-stream';
    const body = isStream ? '' : await answer.body.text();
    // It does not end by itself.
    if (isStream) answer.body.destroy();
    bump(counts, String(answer.statusCode));
    const isRead = request.method === 'GET' && taken.includes(answer.statusCode);
    const isProblem = String(answer.headers['content-type']).startsWith('application/problem+json');
    const isRefused = answer.statusCode >= 400 && answer.statusCode < 500 && isProblem;
    if (!isRead && !isRefused) wrong.push([request, answer.statusCode, body.slice(0, 200)]);
  });
  t.diagnostic(shown(counts));
  assert.deepEqual(wrong.slice(0, 5), []);
  assert.deepEqual(await stored(), before);
});

/** Resolves with the status lines that came until the other side closed. */
function throwAt(bytes: Buffer): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (piece) => (text += piece.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => resolve([...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status = '']) => status)));
  socket.end(bytes);
  return promise;
}

test(`${sockets} sockets that speak no HTTP, or bad HTTP, do neither`, async (t) => {
  const before = await stored();
  const counts = new Map<string, number>();
  await inParallel(fc.sample(malformedBytes(key), { numRuns: sockets, seed }), async (bytes) => {
    const statuses = await throwAt(bytes);
    if (statuses.length === 0) bump(counts, 'closed');
    for (const status of statuses) bump(counts, status);
  });
  t.diagnostic(shown(counts));
  assert.deepEqual([...counts.keys()].filter((status) => status.startsWith('5')), []); // prettier-ignore
  assert.deepEqual(await stored(), before);
});

test('and a good request is served as if nothing had been', async () => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const posted = await fetch(`http://127.0.0.1:${port}/batches`, {
    method: 'POST',
    headers,
    body: JSON.stringify(aBatch()),
  });
  assert.equal(posted.status, 202);
});
