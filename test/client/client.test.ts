/** The client against real HTTP answers: what it repeats, what it never repeats, and how its event stream resumes. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { createClient, type Client } from '../../src/client/create-client.ts';
import { ServiceError } from '../../src/client/service-error.ts';
import { UnreachableError } from '../../src/client/unreachable-error.ts';
import { aBatch, aFile, batchId } from '../cli/resources.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Gives one answer after the other, the last one for ever, and keeps the requests. */
async function serve(t: TestContext, ...answers: Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    answers[Math.min(requests.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  const client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, key: 'k' });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { client, requests };
}

const json =
  (status: number, body: unknown, headers = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const problem = (status: number, code: string, errors?: unknown): Answer =>
  json(status, { type: 'about:blank', title: 'x', status, code, detail: 'No.', request_id: 'req_1', errors });
const hangUp: Answer = (request) => void request.socket.destroy();
const event = (name: string, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
/** Sends these events, then cuts the connection. */
const stream =
  (...events: string[]): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events.join(''), () => response.destroy());
  };
const newBatch = { instructions: ['mute'], files: [{ source: { url: 'https://example.com/a.mp4' } }] };
const accepted = { ...aBatch(), warnings: [] };

test('repeats a read through hang-ups and 503, with the key', async (t) => {
  const { client, requests } = await serve(t, hangUp, problem(503, 'redis_unavailable'), json(200, aBatch()));
  assert.equal((await client.batches.get(batchId)).id, batchId);
  assert.equal(requests.length, 3);
  assert.equal(requests[2]?.headers.authorization, 'Bearer k');
});

test('repeats a POST of a batch under one and the same Idempotency-Key', async (t) => {
  const { client, requests } = await serve(t, hangUp, json(202, accepted));
  await client.batches.create(newBatch);
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  assert.equal(keys.length, 2);
  assert.match(String(keys[0]), /^[0-9a-f-]{36}$/);
  assert.equal(keys[0], keys[1]);
});

test('repeats a read whose answer was cut half-way', async (t) => {
  const half: Answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"id":', () => response.destroy());
  };
  const { client, requests } = await serve(t, half, json(200, aBatch()));
  assert.equal((await client.batches.get(batchId)).id, batchId);
  assert.equal(requests.length, 2);
});

test('takes another Idempotency-Key for another batch', async (t) => {
  const { client, requests } = await serve(t, json(202, accepted));
  await client.batches.create(newBatch);
  await client.batches.create(newBatch);
  assert.notEqual(requests[0]?.headers['idempotency-key'], requests[1]?.headers['idempotency-key']);
});

test('never repeats an order or an upload by itself', async (t) => {
  const { client, requests } = await serve(t, hangUp);
  const calls: (() => Promise<unknown>)[] = [
    () => client.batches.cancel(batchId),
    () => client.batches.retry(batchId),
    () => client.uploads.create(Readable.from([Buffer.from('abc')]), { name: 'a.mp4', bytes: 3 }),
  ];
  for (const call of calls) await assert.rejects(call, UnreachableError);
  assert.equal(requests.length, 3);
});

test('tells a refusal with its code and every error, and does not repeat it', async (t) => {
  const errors = [
    { pointer: '#/files/0/source', code: 'unknown_upload', detail: 'x' },
    { pointer: '#/name', code: 'too_long', detail: 'y' },
  ];
  const { client, requests } = await serve(t, problem(422, 'invalid_request', errors));
  await assert.rejects(client.batches.create(newBatch), (error) => {
    assert.ok(error instanceof ServiceError);
    assert.deepEqual([error.status, error.code, error.errors], [422, 'invalid_request', errors]);
    return true;
  });
  assert.equal(requests.length, 1);
});

test('waits as long as a 429 asks for', async (t) => {
  const { client } = await serve(
    t,
    json(429, { code: 'too_many_requests', detail: 'x' }, { 'retry-after': '1' }),
    json(200, aBatch()),
  );
  const begun = performance.now();
  await client.batches.get(batchId);
  assert.ok(performance.now() - begun >= 950);
});

test('calls a page of another program an unexpected answer', async (t) => {
  const { client } = await serve(t, (_, response) => void response.end('<html>hello</html>'));
  await assert.rejects(client.batches.get(batchId), { code: 'unexpected_answer' });
});

test('tells a results answer that was cut from a complete one', async (t) => {
  const { client } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`${JSON.stringify(aFile(0))}\n{"id":`, () => response.destroy());
  });
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const file of client.batches.results(batchId)) seen.push(file.id);
  }, UnreachableError);
  assert.deepEqual(seen, [aFile(0).id]);
});

async function readTypes(client: Client, last: (type: string, count: number) => boolean): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of client.batches.events(batchId)) {
    types.push(type);
    if (last(type, types.filter((one) => one === type).length)) break;
  }
  return types;
}

test('resumes a cut event stream after the last id that it handed over', async (t) => {
  const { client, requests } = await serve(
    t,
    stream(
      event('snapshot', aBatch(), '1-0'),
      event('file', aFile(0), '2-0'),
      event('progress', { file_id: aFile(0).id, progress: 5, note: null }),
    ),
    problem(503, 'redis_unavailable'),
    hangUp,
    stream(event('unheard-of', {}), event('file', aFile(1), '3-0'), event('batch', aBatch(), '4-0')),
  );
  const types = await readTypes(client, (type) => type === 'batch');
  assert.deepEqual(types, ['snapshot', 'file', 'progress', 'lost', 'lost', 'lost', 'opened', 'file', 'batch']);
  assert.deepEqual(
    requests.map(({ headers }) => headers['last-event-id']),
    [undefined, '2-0', '2-0', '2-0'],
  );
});

test('goes on when what it missed is too old: reset, then a snapshot', async (t) => {
  const { client } = await serve(
    t,
    stream(event('snapshot', aBatch(), '1-0')),
    stream(event('reset', {}), event('snapshot', aBatch(), '9-0')),
  );
  const types = await readTypes(client, (type, count) => type === 'snapshot' && count === 2);
  assert.deepEqual(types, ['snapshot', 'lost', 'opened', 'reset', 'snapshot']);
});

test('ends when the batch is gone at a later connection', async (t) => {
  const { client } = await serve(t, stream(event('snapshot', aBatch(), '1-0')), problem(404, 'not_found'));
  await assert.rejects(
    readTypes(client, () => false),
    { status: 404 },
  );
});

test('does not wait for a service that never answered', async () => {
  const client = createClient({ url: 'http://127.0.0.1:9' });
  await assert.rejects(
    readTypes(client, () => false),
    UnreachableError,
  );
});

test('loses patience with a service that stays away', async (t) => {
  const { client } = await serve(t, stream(event('snapshot', aBatch(), '1-0')), hangUp);
  await assert.rejects(async () => {
    for await (const event of client.batches.events(batchId, { patienceMs: 500 })) assert.ok(event);
  }, UnreachableError);
});
