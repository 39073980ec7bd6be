/** What is taken away of a batch: NDJSON, CSV, a ZIP; and asking again only for what has changed. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { fromBufferPromise } from 'yauzl';
import { UpstreamError } from '../../src/shared/upstream/upstream-error.ts';
import { fileId } from '../../src/shared/ids.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, failing, tell } from '../shared/webhook/open-webhook-context.ts';
import { until } from '../shared/webhook/receiver.ts';
import { aBatch, openTestApi, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;
/** By render id; null: the upstream does not serve it. */
const outputs = new Map<string, Readable | null>();

before(async () => {
  server = await openTestRedis();
  api = await openTestApi(
    server.socketPath,
    {},
    {
      openContent: async ({ renderId }) => {
        const body = outputs.get(renderId) ?? null;
        if (body !== null) return { status: 200, headers: {}, body };
        const fault = {
          code: 'not_found',
          upstreamCode: null,
          httpStatus: 404,
          retryAfterMs: null,
          detail: '',
        } as const;
        throw new UpstreamError('open-output', fault);
      },
    },
  );
});
after(async () => {
  await api.close();
  await server.close();
});

async function post(files: readonly object[]): Promise<string> {
  return (await api.app.inject({ method: 'POST', url: '/batches', payload: aBatch({ files }) })).json().id;
}

const aFile = (changes: object = {}) => ({ source: { url: 'https://example.com/a.mp4' }, ...changes });
const get = (url: string, headers: Record<string, string> = {}) => api.app.inject({ url, headers });

/** Completes a file with an output of its own. */
async function complete(batch: string, index: number, renderId: string): Promise<void> {
  const output = { url: null, renderId, durationMs: 3000, bytes: 1000 };
  await tell(
    api.ctx,
    batch,
    index,
    ...completing.slice(0, -2),
    { type: 'render-planned', renderId },
    { type: 'rendered', output },
  );
}

test('gives a table where CSV is asked for, and runs no formula in it', async () => {
  const names = ['=cmd|calc', '+1', '@sum', 'plain, with "quotes".mp4', '名前.mp4'];
  const batch = await post(names.map((name, at) => aFile({ name, custom_id: `-${at}` })));
  await tell(api.ctx, batch, 0, ...failing);
  const csv = await get(`/batches/${batch}/results`, { accept: 'text/csv' });
  assert.match(String(csv.headers['content-type']), /^text\/csv; charset=utf-8/);
  assert.equal(csv.headers['content-disposition'], `attachment; filename="${batch}.csv"`);
  const rows = csv.body.trimEnd().split('\r\n');
  assert.equal(rows.length, 6);
  assert.match(rows[0] ?? '', /^index,id,name,custom_id,status,/);
  assert.match(
    rows[1] ?? '',
    new RegExp(`^0,${fileId(batch, 0)},'=cmd\\|calc,'-0,failed,0,,,,source_unreachable,upload,`),
  );
  assert.match(rows[2] ?? '', /,'\+1,'-1,queued,/);
  assert.match(rows[3] ?? '', /,'@sum,/);
  assert.match(rows[4] ?? '', /,"plain, with ""quotes""\.mp4",/);
  assert.match(rows[5] ?? '', /,名前\.mp4,/);
  for (const accept of ['*/*', 'application/x-ndjson', 'text/html', 'text/csv;q=0.5, application/x-ndjson']) {
    const lines = await get(`/batches/${batch}/results`, { accept });
    assert.equal(lines.headers['content-type'], 'application/x-ndjson', accept);
    assert.equal(lines.body.trimEnd().split('\n').length, 5);
  }
});

test('answers 304 until something happens, and HEAD without a body', async () => {
  const batch = await post([aFile()]);
  for (const url of [`/batches/${batch}`, `/batches/${batch}/files/${fileId(batch, 0)}`]) {
    const first = await get(url);
    const tag = String(first.headers['etag']);
    assert.match(tag, /^W\/"[\w-]+"$/);
    for (const known of [tag, `"other", ${tag}`, tag.slice(2), '*']) {
      const again = await get(url, { 'if-none-match': known });
      assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', tag], known);
    }
    assert.equal((await get(url, { 'if-none-match': '"other"' })).statusCode, 200);
    const head = await api.app.inject({ method: 'HEAD', url });
    assert.deepEqual([head.statusCode, head.body, head.headers['etag']], [200, '', tag]);
  }
  const before = (await get(`/batches/${batch}`)).headers['etag'];
  await tell(api.ctx, batch, 0, ...failing);
  const changed = await get(`/batches/${batch}`, { 'if-none-match': String(before) });
  assert.deepEqual([changed.statusCode, changed.json().status], [200, 'failed']);
  assert.equal((await api.app.inject({ method: 'HEAD', url: '/batches/bat_none' })).statusCode, 404);
});

async function entriesOf(zip: Buffer): Promise<Map<string, string>> {
  const opened = await fromBufferPromise(zip);
  const entries = new Map<string, string>();
  for await (const entry of opened.eachEntry()) {
    const stream = await opened.openReadStreamPromise(entry);
    entries.set(entry.fileName, Buffer.concat(await stream.toArray()).toString());
  }
  return entries;
}

async function* cut(): AsyncGenerator<Buffer> {
  yield Buffer.from('half of');
  throw new Error('the connection was lost');
}

test('packs every output into one ZIP, and names in its manifest what is broken', async () => {
  const names = [
    'clip.mov',
    'Überblick 映画 🎬.mp4',
    '..',
    'a:b|c?.mp4',
    'e\u0301\u202e.mp4',
    'cut.mp4',
    'gone.mp4',
    'no.mp4',
  ];
  const batch = await post(names.map((name) => aFile({ name })));
  for (const [at] of names.slice(0, 7).entries()) await complete(batch, at, `${batch}-${at}`);
  for (const at of [0, 1, 2, 3, 4]) outputs.set(`${batch}-${at}`, Readable.from([Buffer.from(`video ${at}`)]));
  outputs.set(`${batch}-5`, Readable.from(cut()));
  const zip = await get(`/batches/${batch}/archive`);
  assert.equal(zip.headers['content-type'], 'application/zip');
  assert.equal(zip.headers['content-disposition'], `attachment; filename="${batch}.zip"`);
  const entries = await entriesOf(zip.rawPayload);
  assert.deepEqual([...entries].slice(0, -1), [
    ['1-clip.mp4', 'video 0'],
    ['2-Überblick 映画 🎬.mp4', 'video 1'],
    ['3-file.mp4', 'video 2'],
    ['4-a_b_c_.mp4', 'video 3'],
    ['5-é_.mp4', 'video 4'],
    ['6-cut.mp4', 'half of'],
  ]);
  const manifest = entries
    .get('manifest.ndjson')
    ?.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    manifest?.map(({ index, entry, state }) => [index, entry, state]),
    [
      [0, '1-clip.mp4', 'complete'],
      [1, '2-Überblick 映画 🎬.mp4', 'complete'],
      [2, '3-file.mp4', 'complete'],
      [3, '4-a_b_c_.mp4', 'complete'],
      [4, '5-é_.mp4', 'complete'],
      [5, '6-cut.mp4', 'broken'],
      [6, null, 'missing'],
      [7, null, 'no_output'],
    ],
  );
});

test('a reader of an archive who goes away ends the reading of its outputs', async () => {
  const batch = await post([aFile(), aFile()]);
  let isClosed = false;
  for (const at of [0, 1]) await complete(batch, at, `${batch}-${at}`);
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(65_536);
    })(),
  ).on('close', () => (isClosed = true));
  outputs.set(`${batch}-0`, endless);
  const address = await api.app.listen({ port: 0, host: '127.0.0.1' });
  const leave = new AbortController();
  const response = await fetch(`${address}/batches/${batch}/archive`, { signal: leave.signal });
  await response.body?.getReader().read();
  leave.abort();
  await until(() => isClosed);
});
