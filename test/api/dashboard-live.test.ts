/** The page's event stream: it names what is old, to those who may see it, and is alive every two seconds. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createParser } from 'eventsource-parser';
import { advance } from '../../src/shared/advance.ts';
import { fileId } from '../../src/shared/ids.ts';
import { publishProgress } from '../../src/shared/live-progress.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let redis: TestRedis;
let api: TestApi;
let address: string;

before(async () => {
  redis = await openTestRedis();
  api = await openTestApi(redis.socketPath, { API_KEYS: 'acme:acme-key,other:other-key' });
  address = await api.app.listen({ port: 0, host: '127.0.0.1' });
});
after(async () => {
  await api.close();
  await redis.close();
});

interface Message {
  readonly name: string;
  readonly data: unknown;
}

/** Reads until one of that name fits; the rest is kept for the next. */
async function openLive(query: string, key = 'acme-key') {
  const ending = new AbortController();
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${address}/dashboard/api/live?${query}`, { headers, signal: ending.signal });
  assert.equal(response.status, 200);
  const messages: Message[] = [];
  const parser = createParser({
    onEvent: ({ event = '', data }) => void messages.push({ name: event, data: JSON.parse(data) }),
  });
  const chunks = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  const next = async (name: string, fits: (data: never) => boolean = () => true): Promise<unknown> => {
    const signal = AbortSignal.timeout(10_000);
    for (;;) {
      const at = messages.findIndex((message) => message.name === name && fits(message.data as never));
      if (at >= 0) return messages.splice(at, 1)[0]?.data;
      signal.throwIfAborted();
      const { value, done } = await chunks.next();
      assert.notEqual(done, true, 'the stream ended');
      parser.feed(value ?? '');
    }
  };
  return { next, messages, close: () => ending.abort() };
}

async function post(key = 'acme-key'): Promise<string> {
  const headers = { authorization: `Bearer ${key}` };
  const payload = aBatch({ files: someFiles(3) });
  const answer = await api.app.inject({ method: 'POST', url: '/batches', headers, payload });
  return answer.json<{ id: string }>().id;
}

test('names the files of a batch that changed, with the batch as it is, and passes progress on', async () => {
  const id = await post();
  const live = await openLive(`view=batch&id=${id}`);
  await live.next('hello');
  await live.next('overview');
  const moved = await advance(api.ctx, fileId(id, 1), { type: 'admitted', session: null, lane: null });
  assert.deepEqual(await live.next('files'), { indexes: [1], all: false });
  await live.next('batch', ({ batch }: { batch: { counts: { uploading: number } } }) => batch.counts.uploading === 1);
  assert.equal(moved.kind, 'saved');
  if (moved.kind === 'saved') publishProgress(api.ctx, moved.loaded.file, { progress: 12, note: 'sending' });
  const [progress] = (await live.next('progress')) as { file_id: string; note: string }[];
  assert.deepEqual([progress?.file_id, progress?.note], [fileId(id, 1), 'sending']);
  live.close();
});

test('names batches that have news, and none of another tenant', async () => {
  const live = await openLive('view=batches');
  await live.next('hello');
  const others = await post('other-key');
  const own = await post();
  await live.next('batches', ({ ids }: { ids: string[] }) => ids.includes(own));
  assert.ok(!JSON.stringify(live.messages).includes(others));
  live.close();
});
