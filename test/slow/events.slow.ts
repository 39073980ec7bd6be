/**
 * Live events under strain: a reader that is cut fifty times, over two API processes that come and go; a thousand readers
 * at once; a reader that never reads.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Agent, request } from 'undici';
import { fileSchema } from '../../src/api/files.schema.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from '../api/open-test-api.ts';
import { newPrefix, openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, failing, tell } from '../shared/webhook/open-webhook-context.ts';
import { until } from '../shared/webhook/receiver.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());

const prefix = newPrefix();
const open = async (): Promise<TestApi & { address: string }> => {
  const api = await openTestApi(server.socketPath, { REDIS_PREFIX: prefix });
  return { ...api, address: await api.app.listen({ port: 0, host: '127.0.0.1' }) };
};

async function post(api: TestApi, files: readonly object[]): Promise<string> {
  return (await api.app.inject({ method: 'POST', url: '/batches', payload: aBatch({ files }) })).json().id;
}

/** Reads until `leave` says so, or the connection ends; true while there is more to come. */
async function read(
  url: string,
  lastEventId: string | undefined,
  hear: (message: EventSourceMessage) => boolean,
): Promise<void> {
  const leave = new AbortController();
  const parser = createParser({ onEvent: (message) => hear(message) || leave.abort() });
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  try {
    const response = await fetch(url, { headers, signal: leave.signal });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      // What came behind the event at which the reader leaves was never read.
      if (!leave.signal.aborted) parser.feed(decoder.decode(chunk, { stream: true }));
    }
  } catch {
    // cut by this reader or by a process that ended: it resumes
  }
}

const rank = (id: string): [number, number] => {
  const [ms = 0, n = 0] = id.split('-').map(Number);
  return [ms, n];
};
const isAfter = (id: string, other: string): boolean => {
  const [[ms, n], [before, m]] = [rank(id), rank(other)];
  return ms > before || (ms === before && n > m);
};

test('a reader that is cut fifty times sees the end of every file, in rising ids', { timeout: 120_000 }, async (t) => {
  const files = 500;
  const steady = await open();
  t.after(steady.close);
  let other = await open();
  t.after(() => other.close());
  const batch = await post(steady, someFiles(files));
  const moving = (async () => {
    for (let index = 0; index < files; index += 1)
      await tell(steady.ctx, batch, index, ...(index % 5 === 0 ? completing : failing));
  })();
  const ends = new Map<number, string>();
  const ids: string[] = [];
  let [cuts, seed] = [0, 7];
  const seen = { end: false };
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  while (!seen.end) {
    let left = cuts < 50 ? 1 + Math.floor(random() * 9) : Infinity;
    const address = cuts % 2 === 0 ? steady.address : other.address;
    await read(`${address}/batches/${batch}/events`, ids.at(-1), (message) => {
      left -= 1;
      if (left < 0) return false;
      if (message.id !== undefined) {
        assert.ok(ids.length === 0 || isAfter(message.id, ids.at(-1) ?? ''), `${message.id} after ${ids.at(-1)}`);
        ids.push(message.id);
      }
      assert.notEqual(message.event, 'reset');
      if (message.event === 'file') {
        const { index, status } = fileSchema.parse(JSON.parse(message.data));
        ends.set(index, status);
      }
      if (message.event === 'batch') seen.end = JSON.parse(message.data).finished_at !== null;
      return !seen.end;
    });
    cuts += 1;
    if (cuts % 20 === 0) {
      await other.close();
      other = await open();
    }
  }
  await moving;
  t.diagnostic(`${cuts} connections, ${ids.length} ids, ${ends.size} files`);
  assert.ok(cuts >= 50, `${cuts} connections`);
  const wanted = Array.from({ length: files }, (_, index) => (index % 5 === 0 ? 'completed' : 'failed'));
  assert.deepEqual(
    wanted.map((_, index) => ends.get(index)),
    wanted,
  );
});

test('a thousand readers of one batch see its end', { timeout: 120_000 }, async (t) => {
  const readers = 1000;
  const api = await open();
  t.after(api.close);
  const batch = await post(api, someFiles(20));
  const agent = new Agent({ connections: readers, bodyTimeout: 0 });
  t.after(() => agent.destroy());
  const before = process.memoryUsage().rss;
  let [opened, ended] = [0, 0];
  const follow = async (): Promise<void> => {
    const { body } = await request(`${api.address}/batches/${batch}/events`, { dispatcher: agent });
    opened += 1;
    let tail = '';
    for await (const chunk of body) {
      tail = (tail + String(chunk)).slice(-4000);
      if (!/"status":"failed"[^\n]*"finished_at":"/.test(tail)) continue;
      ended += 1;
      return;
    }
  };
  const all = Array.from({ length: readers }, follow);
  await until(() => opened === readers, 60_000);
  const startedAt = performance.now();
  for (let index = 0; index < 20; index += 1) await tell(api.ctx, batch, index, ...failing);
  await Promise.all(all);
  const tookMs = performance.now() - startedAt;
  const grownMb = (process.memoryUsage().rss - before) / 1e6;
  t.diagnostic(
    `${ended} readers saw the end ${tookMs.toFixed()} ms after the first change; both sides took ${grownMb.toFixed()} MB`,
  );
  assert.equal(ended, readers);
});

test('a reader that never reads is dropped, and nothing piles up for it', { timeout: 90_000 }, async (t) => {
  const api = await open();
  t.after(api.close);
  const metadata = { padding: 'x'.repeat(16_000) };
  const batch = await post(
    api,
    Array.from({ length: 400 }, () => ({ source: { url: 'https://example.com/a.mp4' }, metadata })),
  );
  const socket = connect(Number(new URL(api.address).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(`GET /batches/${batch}/events HTTP/1.1\r\nhost: x\r\n\r\n`);
  const connections = (): Promise<number> =>
    new Promise((resolve) => api.app.server.getConnections((_error, count) => resolve(count)));
  await until(async () => (await connections()) === 1);
  const before = process.memoryUsage().rss;
  for (let index = 0; index < 400; index += 1) await tell(api.ctx, batch, index, ...completing);
  const startedAt = performance.now();
  await until(async () => (await connections()) === 0, 45_000);
  const grownMb = (process.memoryUsage().rss - before) / 1e6;
  t.diagnostic(`dropped after ${(performance.now() - startedAt).toFixed()} ms; ${grownMb.toFixed()} MB`);
  socket.destroy();
});
