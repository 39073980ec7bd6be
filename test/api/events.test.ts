/** Live events over a real connection: snapshot, changes, progress, resuming, and what happens to a stream at its ends. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { batchSchema } from '../../src/api/batches.schema.ts';
import { fileSchema } from '../../src/api/files.schema.ts';
import { publishProgress } from '../../src/shared/live-progress.ts';
import { loadFile } from '../../src/shared/load-file.ts';
import { fileId } from '../../src/shared/ids.ts';
import { turnNotes } from '../../src/workers/turn-notes.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, failing, tell } from '../shared/webhook/open-webhook-context.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;
let base: string;

before(async () => {
  server = await openTestRedis();
  api = await openTestApi(server.socketPath);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  base = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
after(async () => {
  await api.close();
  await server.close();
});

interface Reader {
  readonly seen: EventSourceMessage[];
  /** The first event from here on that fits; fails after five seconds. */
  readonly next: (fits: (message: EventSourceMessage) => boolean) => Promise<EventSourceMessage>;
  readonly ended: Promise<void>;
  readonly close: () => void;
}

async function listen(id: string | null, lastEventId?: string, from = base, key?: string): Promise<Reader> {
  const abort = new AbortController();
  const headers = {
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  const path = id === null ? '/events' : `/batches/${id}/events`;
  const response = await fetch(from + path, { headers, signal: abort.signal });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const seen: EventSourceMessage[] = [];
  let wake = (): void => undefined;
  const parser = createParser({
    onEvent: (event) => {
      seen.push(event);
      wake();
    },
  });
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
  };
  const ended = read().catch(() => undefined);
  let at = 0;
  const next: Reader['next'] = async (fits) => {
    const deadline = AbortSignal.timeout(5000);
    for (;;) {
      for (; at < seen.length; at += 1) {
        const event = seen[at];
        if (event !== undefined && fits(event)) {
          at += 1;
          return event;
        }
      }
      if (deadline.aborted) assert.fail(`not seen among ${seen.map(({ event }) => event).join(' ')}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  };
  return { seen, next, ended, close: () => abort.abort() };
}

const is = (event: string) => (message: EventSourceMessage) => message.event === event;
const fileOf = (message: EventSourceMessage) => fileSchema.parse(JSON.parse(message.data));
const batchOf = (message: EventSourceMessage) => batchSchema.parse(JSON.parse(message.data));
const isFile = (index: number, status: string) => (message: EventSourceMessage) =>
  message.event === 'file' && fileOf(message).index === index && fileOf(message).status === status;
const isBatch = (status: string) => (message: EventSourceMessage) =>
  message.event === 'batch' && batchOf(message).status === status;

async function aBatchOf(count: number): Promise<string> {
  const payload = aBatch({ files: someFiles(count) });
  return (await api.app.inject({ method: 'POST', url: '/batches', payload })).json().id;
}

test('sends the snapshot, then whole resources as they change', async () => {
  const id = await aBatchOf(2);
  const reader = await listen(id);
  const snapshot = await reader.next(() => true);
  assert.deepEqual([snapshot.event, batchOf(snapshot).status], ['snapshot', 'queued']);
  assert.match(snapshot.id ?? '', /^\d+-\d+$/);
  await tell(api.ctx, id, 0, ...completing);
  const done = await reader.next(isFile(0, 'completed'));
  assert.equal(fileOf(done).output?.url, 'https://media.example/out.mp4');
  await tell(api.ctx, id, 1, ...failing);
  await reader.next(isFile(1, 'failed'));
  const last = await reader.next(isBatch('completed'));
  assert.deepEqual([batchOf(last).counts.completed, batchOf(last).counts.failed], [1, 1]);
  const ids = reader.seen.flatMap(({ id: one }) => (one === undefined ? [] : [one]));
  assert.ok(isRising(ids), ids.join(' '));
  reader.close();
});

const parts = (id: string): number[] => id.split('-').map(Number);
const isRising = (ids: readonly string[]): boolean =>
  ids.every((id, at) => {
    const [[ms = 0, n = 0], [before = -1, m = 0]] = [parts(id), parts(ids[at - 1] ?? '-1-0')];
    return at === 0 || ms > before || (ms === before && n > m);
  });
test('says that a turn is still working every two minutes, and no more once it has ended', async (t) => {
  const id = await aBatchOf(1);
  const reader = await listen(id);
  await reader.next(is('snapshot'));
  const loaded = await loadFile(api.ctx, fileId(id, 0));
  assert.ok(typeof loaded !== 'string');
  t.mock.timers.enable({ apis: ['setInterval'] });
  const notes = turnNotes(api.ctx, loaded.file);
  t.mock.timers.tick(119_999);
  publishProgress(api.ctx, loaded.file, { progress: 40, note: 'not yet' });
  const next = async (): Promise<string> => JSON.parse((await reader.next(is('progress'))).data).note;
  assert.equal(await next(), 'not yet');
  t.mock.timers.tick(1);
  assert.equal(await next(), '⏳ Still working...');
  t.mock.timers.tick(120_000);
  assert.equal(await next(), '⏳ Still working...');
  notes.stop();
  t.mock.timers.tick(240_000);
  publishProgress(api.ctx, loaded.file, { progress: 40, note: 'the end' });
  assert.equal(await next(), 'the end');
  reader.close();
});

test('tells what a turn says at most once a second, and that it lives once a minute', async (t) => {
  const id = await aBatchOf(2);
  const reader = await listen(id);
  await reader.next(is('snapshot'));
  const [loaded, other] = [await loadFile(api.ctx, fileId(id, 0)), await loadFile(api.ctx, fileId(id, 1))];
  assert.ok(typeof loaded !== 'string' && typeof other !== 'string');
  const startedAt = performance.now();
  const clock = t.mock.method(performance, 'now', () => startedAt);
  const notes = turnNotes(api.ctx, loaded.file);
  const told: string[] = [];
  const after = async (ms: number, type: 'heartbeat' | 'text'): Promise<void> => {
    clock.mock.mockImplementation(() => startedAt + ms);
    notes.onProgress(type === 'text' ? { type, text: 'Trimming' } : { type });
    clock.mock.mockImplementation(() => startedAt);
    publishProgress(api.ctx, other.file, { progress: 40, note: `${ms}` });
    for (let note = ''; note !== `${ms}`;) {
      ({ note } = JSON.parse((await reader.next(is('progress'))).data));
      told.push(note);
    }
  };
  await after(0, 'heartbeat');
  await after(999, 'text');
  await after(1000, 'text');
  await after(60_999, 'heartbeat');
  await after(61_000, 'heartbeat');
  notes.stop();
  clock.mock.restore();
  assert.deepEqual(told, ['editing', '0', '999', 'editing', '1000', '60999', 'editing', '61000']);
  reader.close();
});

test('tells progress without an id, for this batch alone', async () => {
  const [id, other] = [await aBatchOf(1), await aBatchOf(1)];
  const reader = await listen(id);
  await reader.next(is('snapshot'));
  for (const batch of [other, id]) {
    const loaded = await loadFile(api.ctx, fileId(batch, 0));
    assert.ok(typeof loaded !== 'string');
    publishProgress(api.ctx, loaded.file, { progress: 40, note: 'Still working' });
  }
  const progress = await reader.next(is('progress'));
  assert.deepEqual(JSON.parse(progress.data), { file_id: fileId(id, 0), progress: 40, note: 'Still working' });
  assert.equal(progress.id, undefined);
  const shown = await api.app.inject({ url: `/batches/${id}/files/${fileId(id, 0)}` });
  assert.equal(shown.json().progress, 40);
  reader.close();
});

test('resumes after every id that it gave without leaving a change out', async () => {
  const id = await aBatchOf(6);
  const first = await listen(id);
  await first.next(is('snapshot'));
  for (const index of [0, 1, 2, 3, 4, 5]) await tell(api.ctx, id, index, ...failing);
  await first.next(isBatch('failed'));
  first.close();
  for (const [at, { id: from }] of first.seen.entries()) {
    if (from === undefined) continue;
    const told = new Set(first.seen.slice(0, at + 1).flatMap((one) => (one.event === 'file' ? [keyOf(one)] : [])));
    const isAtEnd = from === first.seen.at(-1)?.id;
    const again = await listen(id, from);
    if (!isAtEnd) await again.next(isBatch('failed'));
    again.close();
    for (const one of again.seen) if (one.event === 'file') told.add(keyOf(one));
    for (const index of [0, 1, 2, 3, 4, 5]) assert.ok(told.has(`${index} failed`), `${index} after ${from}`);
    assert.ok(again.seen.every(({ event }) => event !== 'snapshot'));
  }
});
const keyOf = (message: EventSourceMessage): string => `${fileOf(message).index} ${fileOf(message).status}`;

test('resets a reader whose place is gone, or was never there', async () => {
  const id = await aBatchOf(3);
  const { redis, keys } = api.ctx;
  for (const index of [0, 1]) await tell(api.ctx, id, index, ...failing);
  const [oldest] = await redis.xrange(keys.events(id), '-', '+', 'COUNT', 1);
  await redis.xtrim(keys.events(id), 'MAXLEN', '=', 1);
  const other = await redis.xrevrange(keys.events(await aBatchOf(1)), '+', '-', 'COUNT', 1);
  const strange = ['9999999999999-0', '0-0', 'nonsense', `${'9'.repeat(40)}-1`, '-', '+', '1-1\'"'];
  for (const place of [oldest?.[0] ?? '', other[0]?.[0] ?? '', ...strange]) {
    const reader = await listen(id, place);
    assert.equal((await reader.next(() => true)).event, 'reset', place);
    assert.equal((await reader.next(() => true)).event, 'snapshot', place);
    reader.close();
  }
});

test('tells a tenant of all its batches and of nobody else, over any process, and resumes there', async (t) => {
  const keys = { API_KEYS: 'acme:key-acme,zeta:key-zeta,ops:key-ops:admin' };
  const own = await openTestApi(server.socketPath, keys);
  t.after(own.close);
  const other = await openTestApi(server.socketPath, { ...keys, REDIS_PREFIX: own.ctx.config.redisPrefix });
  t.after(other.close);
  const [here, there] = await Promise.all([own, other].map(({ app }) => app.listen({ port: 0, host: '127.0.0.1' })));
  const post = async (key: string): Promise<string> => {
    const headers = { authorization: `Bearer ${key}` };
    const payload = aBatch({ files: someFiles(2) });
    return (await own.app.inject({ method: 'POST', url: '/batches', headers, payload })).json().id;
  };
  const empty = await listen(null, undefined, here, 'key-acme');
  const first = await empty.next(() => true);
  assert.deepEqual(
    [first.event, first.id, JSON.parse(first.data)],
    ['snapshot', '0-0', { data: [], next_cursor: null }],
  );
  const [mine, theirs] = [await post('key-acme'), await post('key-zeta')];
  for (const batch of [mine, theirs]) for (const index of [0, 1]) await tell(own.ctx, batch, index, ...failing);
  await empty.next(isBatch('failed'));
  assert.ok(empty.seen.slice(1).every(({ data }) => data.includes(mine) && !data.includes(theirs)));
  const ids = empty.seen.flatMap(({ id }) => (id === undefined ? [] : [id]));
  assert.ok(isRising(ids), ids.join(' '));
  empty.close();
  const again = await listen(null, first.id, there, 'key-acme');
  await again.next(isBatch('failed'));
  assert.deepEqual(new Set(again.seen.filter(is('file')).map(keyOf)), new Set(['0 failed', '1 failed']));
  again.close();
  const all = await listen(null, undefined, there, 'key-ops');
  assert.equal(JSON.parse((await all.next(is('snapshot'))).data).data.length, 2);
  all.close();
});

test('a stream of a batch that is dropped, or of a process that ends, ends', async () => {
  const own = await openTestApi(server.socketPath);
  const address = await own.app.listen({ port: 0, host: '127.0.0.1' });
  const { id } = (await own.app.inject({ method: 'POST', url: '/batches', payload: aBatch() })).json();
  const response = await fetch(`${address}/batches/${id}/events`);
  const rest = response.text();
  await own.close();
  assert.match(await rest, /event: snapshot/);
});
