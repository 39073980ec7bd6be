/** The output on its way to a caller's presigned URL: what destinations answer, and a retry with another one. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test, type TestContext } from 'node:test';
import { fileId } from '../../src/shared/ids.ts';
import { loadFile } from '../../src/shared/load-file.ts';
import { readFile } from '../../src/shared/read-file.ts';
import { runDeliver } from '../../src/workers/deliver.ts';
import { endRun } from '../../src/workers/end-run.ts';
import { createRun } from '../../src/workers/run.ts';
import { aBatch, openTestApi, type TestApi } from '../api/open-test-api.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, tell } from '../shared/webhook/open-webhook-context.ts';
import { until } from '../shared/webhook/receiver.ts';

let server: TestRedis;
let api: TestApi;
before(async () => {
  server = await openTestRedis();
  api = await openTestApi(server.socketPath, { SOURCE_ALLOW_PRIVATE: 'true' });
});
after(async () => {
  await api.close();
  await server.close();
});

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const at = createServer(listener);
  await new Promise<void>((resolve) => at.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    at.closeAllConnections();
    at.close();
  });
  return `http://127.0.0.1:${(at.address() as AddressInfo).port}/put`;
}

const video = Buffer.alloc(3_000_000, 'v');
const whole: RequestListener = (_request, response) =>
  void response.writeHead(200, { 'content-length': video.length }).end(video);

/** A file that is being delivered. */
async function delivering(outputUrl: string, putUrl: string, bytes: number | null = video.length): Promise<string> {
  const payload = aBatch({
    files: [{ source: { url: 'https://example.com/a.mp4' }, destination: { put_url: putUrl } }],
  });
  const { id } = (await api.app.inject({ method: 'POST', url: '/batches', payload })).json();
  const output = { url: outputUrl, renderId: 'r1', durationMs: 3000, bytes };
  await tell(api.ctx, id, 0, ...completing.slice(0, -1), { type: 'rendered', output });
  return id;
}

/** One run of the step; `last`: BullMQ would not repeat it. */
async function deliver(batch: string, last = true) {
  const loaded = await loadFile(api.ctx, fileId(batch, 0));
  assert.ok(typeof loaded !== 'string');
  const run = createRun(api.ctx, loaded, { abort: new AbortController().signal, mayCall: () => true });
  const end = await runDeliver(run).then(
    () => ({ kind: 'done' }) as const,
    (error: unknown) => endRun(run, error, !last),
  );
  const view = await readFile(api.ctx, fileId(batch, 0));
  assert.ok(view !== null);
  return { end: end.kind, state: view.file.state };
}

interface Got {
  readonly headers: IncomingMessage['headers'];
  bytes: number;
}

const take =
  (got: Got[], status = 200): RequestListener =>
  (request: IncomingMessage, response: ServerResponse) => {
    const one: Got = { headers: request.headers, bytes: 0 };
    got.push(one);
    request.on('data', (chunk: Buffer) => (one.bytes += chunk.length));
    request.on('end', () => response.writeHead(status).end());
  };

test('streams the output to its destination with its length, also where the upstream tells none', async (t) => {
  const got: Got[] = [];
  const putUrl = await serve(t, take(got));
  const chunked = await serve(
    t,
    (_request, response) => void response.writeHead(200).write(video, () => response.end()),
  );
  for (const outputUrl of [await serve(t, whole), chunked]) {
    const { end, state } = await deliver(await delivering(outputUrl, putUrl));
    assert.deepEqual([end, state.status], ['done', 'completed']);
  }
  for (const { headers, bytes } of got) {
    assert.deepEqual([bytes, headers['content-length']], [video.length, String(video.length)]);
    assert.equal(headers['transfer-encoding'], undefined);
    assert.equal(headers['content-type'], 'video/mp4');
  }
});

test('fails at once where repeating is in vain, and says what to do', async (t) => {
  const outputUrl = await serve(t, whole);
  const answers = [
    [403, /expired/],
    [411, /Content-Length/],
    [413, /too large/],
    [404, /another destination/],
    [307, /no redirect/],
  ] as const;
  for (const [status, words] of answers) {
    const putUrl = await serve(t, (_request, response) => void response.writeHead(status, { location: '/else' }).end());
    const { end, state } = await deliver(await delivering(outputUrl, putUrl));
    assert.ok(end === 'done' && state.status === 'failed', String(status));
    assert.deepEqual([state.error.code, state.error.step], ['delivery_failed', 'deliver']);
    assert.match(state.error.message, words);
  }
});

test('repeats what may pass: a cut, a 5xx, an output that broke off; a PUT twice is safe', async (t) => {
  const good = await serve(t, whole);
  const cutting = await serve(t, (request) => request.once('data', () => request.socket.destroy()));
  const down = await serve(t, take([], 503));
  const half = await serve(t, (_request, response) => {
    response
      .writeHead(200, { 'content-length': video.length })
      .write(video.subarray(0, 1000), () => response.destroy());
  });
  const taking = await serve(t, take([]));
  for (const [outputUrl, putUrl] of [
    [good, cutting],
    [good, down],
    [half, taking],
  ] as const) {
    const batch = await delivering(outputUrl, putUrl);
    assert.deepEqual((await deliver(batch, false)).end, 'repeat-call');
    const { end, state } = await deliver(batch);
    assert.ok(end === 'done' && state.status === 'delivering');
    assert.equal(state.wait?.reason, 'upstream');
  }
});

test('a destination that does not resolve may do so later, one inside is refused at the door', async (t) => {
  const batch = await delivering(await serve(t, whole), 'http://no-such-store.invalid/put');
  const { end, state } = await deliver(batch, false);
  assert.deepEqual([end, state.status], ['repeat-call', 'delivering'], 'a name that does not resolve may do so later');
  const strict = await openTestApi(server.socketPath);
  t.after(strict.close);
  const payload = aBatch({
    files: [{ source: { url: 'https://example.com/a.mp4' }, destination: { put_url: 'http://127.1/x' } }],
  });
  assert.equal((await strict.app.inject({ method: 'POST', url: '/batches', payload })).statusCode, 422);
});

test('a retry takes a new destination a file, and goes on with the delivery alone', async (t) => {
  const got: Got[] = [];
  const [outputUrl, expired, fresh] = [
    await serve(t, whole),
    await serve(t, (_request, response) => void response.writeHead(403).end()),
    await serve(t, take(got)),
  ];
  const batch = await delivering(outputUrl, expired);
  assert.equal((await deliver(batch)).state.status, 'failed');
  const retry = (payload: object) => api.app.inject({ method: 'POST', url: `/batches/${batch}/retry`, payload });
  const id = fileId(batch, 0);
  const faulty = await retry({
    files: [
      { id: 'fil_none', destination: { put_url: fresh } },
      { id, destination: { put_url: 'http://169.254.169.254/' } },
      { id, destination: { put_url: 'ftp://x/' } },
    ],
  });
  assert.deepEqual(
    faulty.json().errors.map(({ pointer, code }: { pointer: string; code: string }) => [pointer, code]),
    [
      ['#/files/0/id', 'unknown_file'],
      ['#/files/1/destination/put_url', 'private_host'],
      ['#/files/2/destination/put_url', 'unsupported_protocol'],
    ],
  );
  assert.equal((await retry({ files: [{ id, destination: { put_url: fresh } }] })).statusCode, 202);
  await until(async () => (await readFile(api.ctx, id))?.file.state.status === 'delivering');
  await tell(api.ctx, batch, 0, { type: 'admitted', session: null, lane: null });
  assert.equal((await deliver(batch)).state.status, 'completed');
  assert.deepEqual(
    got.map(({ bytes }) => bytes),
    [video.length],
  );
});
