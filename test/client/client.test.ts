/** The client against real HTTP answers: what it repeats, what it never repeats, and how its event stream resumes. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { createClient, type Client } from '../../src/client/create-client.ts';
import { ServiceError } from '../../src/client/service-error.ts';
import { UnreachableError } from '../../src/client/unreachable-error.ts';
import { WaitTimeoutError } from '../../src/client/wait-for-batch.ts';
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

test('gives the error at once where Retry-After asks for more than a minute, as seconds or as a date', async (t) => {
  const hour = new Date(Date.now() + 3_600_000).toUTCString();
  for (const asked of ['3600', hour]) {
    const answer = json(503, { code: 'redis_unavailable', detail: 'x' }, { 'retry-after': asked });
    const { client, requests } = await serve(t, answer);
    await assert.rejects(client.batches.get(batchId), (error) => {
      assert.ok(error instanceof ServiceError && error.retryAfterMs !== null && error.retryAfterMs > 3_500_000);
      return true;
    });
    assert.equal(requests.length, 1);
  }
});

test('reads a list row by row over its pages, and a page at a time', async (t) => {
  const page = (index: number, next_cursor: string | null) => json(200, { data: [aFile(index)], next_cursor });
  const { client, requests } = await serve(t, page(0, 'c1'), page(1, 'c2'), page(2, null));
  const seen: number[] = [];
  for await (const { index } of client.batches.files(batchId, { status: 'failed', limit: 1 })) seen.push(index);
  assert.deepEqual(seen, [0, 1, 2]);
  assert.deepEqual(
    requests.map(({ url }) => url?.split('?')[1]),
    ['status=failed&limit=1', 'status=failed&limit=1&cursor=c1', 'status=failed&limit=1&cursor=c2'],
  );
  assert.equal((await client.batches.files(batchId, { cursor: 'c2' }).page()).next_cursor, null);
  assert.match(requests[3]?.url ?? '', /\?cursor=c2$/);
});

test('waits for the end: by the events, and by a look where they were cut', async (t) => {
  const [running, ended] = [
    { ...aBatch(), status: 'processing' },
    { ...aBatch(), status: 'failed' },
  ];
  const told = await serve(t, stream(event('snapshot', running, '1-0'), event('batch', ended, '2-0')));
  assert.equal((await told.client.batches.wait(batchId)).status, 'failed');
  const looked = await serve(t, stream(event('snapshot', running, '1-0')), json(200, ended));
  assert.equal((await looked.client.batches.wait(batchId)).status, 'failed');
  assert.match(looked.requests[1]?.url ?? '', /\/batches\/\w+$/);
});

test('gives up waiting in time, and ends a call with the reason of its signal', async (t) => {
  const silent: Answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(event('snapshot', { ...aBatch(), status: 'processing' }, '1-0'));
  };
  const { client } = await serve(t, silent);
  await assert.rejects(client.batches.wait(batchId, { timeoutMs: 50 }), WaitTimeoutError);
  const reason = new Error('enough');
  await assert.rejects(client.batches.get(batchId, { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(client.batches.wait(batchId, { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
});

test('resumes where another process left off, and hands on the ids', async (t) => {
  const { client, requests } = await serve(t, stream(event('batch', aBatch(), '8-0')));
  for await (const { type, id } of client.batches.events(batchId, { lastEventId: '7-0' })) {
    assert.deepEqual([type, id], ['batch', '8-0']);
    break;
  }
  assert.equal(requests[0]?.headers['last-event-id'], '7-0');
});

test('sends the same bytes whatever they are given as, under the key of the caller', async (t) => {
  const bodies: string[] = [];
  const upload = { id: 'upl_1', name: 'a.mp4', bytes: 3, sha256: 'x', expires_at: '2026-01-01T00:00:00Z' };
  const keep: Answer = (request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        bodies.push(`${request.url} ${request.headers['content-length']} ${Buffer.concat(chunks).toString()}`);
        json(201, upload)(request, response);
      });
  };
  const { client, requests } = await serve(t, keep);
  const bytes = new TextEncoder().encode('abc');
  await client.uploads.create(bytes, { name: 'a.mp4' });
  await client.uploads.create(new File([bytes], 'a.mp4'));
  await client.uploads.create(Readable.from([bytes]), { name: 'a.mp4', bytes: 3 });
  await client.uploads.create(new Blob([bytes]).stream(), { name: 'a.mp4' });
  const [path, known] = ['/uploads?name=a.mp4', '3 abc'];
  assert.deepEqual(bodies, [`${path} ${known}`, `${path} ${known}`, `${path} ${known}`, `${path} undefined abc`]);
  await assert.rejects(client.batches.create(newBatch, { idempotencyKey: 'mine' }));
  assert.equal(requests.at(-1)?.headers['idempotency-key'], 'mine');
});

test('never follows a redirect, which would take the key along', async (t) => {
  const { client, requests } = await serve(t, (_, response) => void response.writeHead(307, { location: '/b' }).end());
  await assert.rejects(client.batches.get(batchId), { code: 'http_307' });
  assert.equal(requests.length, 1);
});
