import assert from 'node:assert/strict';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { runTurn } from '../../../src/shared/upstream/run-turn.ts';
import type { TurnOptions } from '../../../src/shared/upstream/turn-options.ts';
import type { TurnEnd, TurnProgress } from '../../../src/shared/upstream/types.ts';
import { attribution, startRawStub, startStub, token, type Stub } from './stub-upstream.ts';

const request = { sessionId: '5529798706024415232', text: 'trim "the" first 3 s\n把标题改成红色' };
const limits = { idleTimeoutMs: 5_000, totalTimeoutMs: 10_000 };

const head = (extra = ''): string => `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n${extra}`;
const chunk = (data: string | Buffer): Buffer => {
  const bytes = Buffer.from(data);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
};
const event = (value: unknown): string => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
const b = (text: string, more: object = {}): object => ({
  content: { role: 'model', parts: [{ text }] },
  author: 'nemo_agent',
  ...more,
});

/** Serves one stream, ended by the last chunk, in pieces cut at the given places. */
async function serve(
  t: TestContext,
  stream: Buffer | string,
  options: { cuts?: number[]; head?: string; end?: boolean } = {},
): Promise<Stub> {
  const bytes = Buffer.from(stream);
  const stub = await startRawStub((socket) => {
    socket.write(`${options.head ?? head()}transfer-encoding: chunked\r\n\r\n`);
    let from = 0;
    for (const cut of [...(options.cuts ?? []), bytes.length]) {
      if (cut > from) socket.write(chunk(bytes.subarray(from, cut)));
      from = Math.max(from, cut);
    }
    if (options.end === false) socket.end();
    else socket.end('0\r\n\r\n');
  });
  t.after(stub.close);
  return stub;
}

async function turn(stub: Stub, options: Partial<TurnOptions> = {}): Promise<TurnEnd> {
  return runTurn(stub.up, token, request, { ...limits, ...options });
}

async function turnOf(
  t: TestContext,
  stream: Buffer | string,
  options: Parameters<typeof serve>[2] = {},
): Promise<TurnEnd> {
  return turn(await serve(t, stream, options));
}

const closed = (reply: string, tools: string[] = []): TurnEnd => ({
  kind: 'ended',
  end: 'closed',
  reply,
  tools,
  error: null,
});

test('sends the body in snake_case, once, with token and attribution', async (t) => {
  const stub = await startStub((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(event({ type: 'text', content: 'ok' }));
  });
  t.after(stub.close);
  assert.deepEqual(await turn(stub), closed('ok'));
  assert.equal(stub.received.length, 1);
  const [sent] = stub.received;
  assert.equal(`${sent!.method} ${sent!.url}`, 'POST /run_sse');
  assert.deepEqual(JSON.parse(sent!.body.toString()), {
    app_name: 'nemo_agent',
    user_id: 'me',
    session_id: request.sessionId,
    new_message: { parts: [{ text: request.text }] },
  });
  assert.partialDeepStrictEqual(sent!.headers, {
    ...attribution,
    authorization: `Bearer ${token}`,
    accept: 'text/event-stream',
    'content-type': 'application/json',
  });
});

test('keeps a path in the base URL', async (t) => {
  const stub = await startStub((_request, response) => response.writeHead(429).end());
  t.after(stub.close);
  await runTurn({ ...stub.up, baseUrl: `${stub.url}/proxy` }, token, request, limits);
  assert.equal(stub.received[0]!.url, '/proxy/run_sse');
});

const dialects: Record<string, { stream: string; end: TurnEnd }> = {
  'A flat': {
    stream: [
      { type: 'text', content: 'Trimmed ' },
      { type: 'tool_call', name: 'edit_multitrack', args: { a: 1 } },
      { type: 'tool_result', name: 'edit_multitrack', result: { secret: 1 } },
      { type: 'heartbeat' },
      { type: 'text', content: '前三秒。' },
    ]
      .map(event)
      .join(''),
    end: closed('Trimmed 前三秒。', ['edit_multitrack']),
  },
  'B partial, then aggregated': {
    stream: [
      b('Trim', { partial: true }),
      b('med the', { partial: true }),
      b(' start.', { partial: true }),
      {
        content: {
          role: 'model',
          parts: [
            { text: 'hmm', thought: true },
            { text: 'Trimmed the start.' },
            { functionCall: { id: 'c1', name: 'edit_multitrack', args: {} } },
          ],
        },
      },
      { content: { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'edit_multitrack', response: {} } }] } },
      b('All ', { partial: true }),
      b('done.', { partial: true }),
      b('All done.'),
      { turnComplete: true },
    ]
      .map(event)
      .join(''),
    end: closed('Trimmed the start.\nAll done.', ['edit_multitrack']),
  },
  'B aggregated over everything': {
    stream: [
      b('One ', { partial: true }),
      b('two', { partial: true }),
      b('One two'),
      b(' three', { partial: true }),
      b('One two three'),
    ]
      .map(event)
      .join(''),
    end: closed('One two three'),
  },
  'B partial only': {
    stream: [b('half ', { partial: true }), b('a word', { partial: true })].map(event).join(''),
    end: closed('half a word'),
  },
  'B with a damaged partial line': {
    stream: `${event(b('One ', { partial: true }))}data: {"content":{"parts":[{"te\n\n${event(b('three', { partial: true }))}${event(b('One two three'))}`,
    end: closed('One two three'),
  },
  'C text': { stream: ['ha', 'ha', ' done'].map((text) => event({ text })).join(''), end: closed('haha done') },
  'C delta, then text': {
    stream: [{ delta: 'All ' }, { delta: 'set' }, { text: 'All set' }].map(event).join(''),
    end: closed('All set'),
  },
};

for (const [name, { stream, end }] of Object.entries(dialects)) {
  test(`reads dialect ${name}`, async (t) => assert.deepEqual(await turnOf(t, stream), end));

  test(`reads dialect ${name} with CRLF and no final blank line`, async (t) => {
    assert.deepEqual(await turnOf(t, stream.replaceAll('\n', '\r\n').replace(/(\r\n)+$/, '')), end);
  });
}

test('reads the same reply however the stream is split', async (t) => {
  const texts = Object.values(dialects);
  let current = { bytes: Buffer.alloc(0), cuts: [] as number[] };
  const stub = await startRawStub((socket) => {
    socket.write(`${head()}transfer-encoding: chunked\r\n\r\n`);
    let from = 0;
    for (const cut of [...current.cuts, current.bytes.length]) {
      if (cut > from) socket.write(chunk(current.bytes.subarray(from, cut)));
      from = Math.max(from, cut);
    }
    socket.end('0\r\n\r\n');
  });
  t.after(stub.close);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(texts.length - 1),
      fc.boolean(),
      fc.array(fc.nat(900), { maxLength: 30 }),
      async (index, crlf, cuts) => {
        const { stream, end } = texts[index]!;
        current = {
          bytes: Buffer.from(crlf ? stream.replaceAll('\n', '\r\n') : stream),
          cuts: cuts.sort((x, y) => x - y),
        };
        assert.deepEqual(await turn(stub), end);
      },
    ),
    { numRuns: 60 },
  );
});

test('reads events split at every byte', async (t) => {
  const stream = dialects['A flat']!.stream;
  const cuts = Array.from({ length: Buffer.byteLength(stream) }, (_, index) => index);
  assert.deepEqual(await turnOf(t, stream, { cuts }), dialects['A flat']!.end);
});

test('skips heartbeats of every form, damaged lines and unknown types', async (t) => {
  const beats = [
    'data: heartbeat\n\n',
    'data: {"type":"heartbeat"}\n\n',
    'event: heartbeat\ndata: {}\n\n',
    'event: heartbeat\n\n',
    'data:\n\n',
    ': still here\n\n',
    'heartbeat\n\n',
    'data: "heartbeat"\n\n',
  ];
  const noise = [
    'data: {"type":"text","content":\n\n',
    'data: {"type":"sparkle","x":1}\n\n',
    'data: 17\n\n',
    'data: null\n\n',
    'data: [1]\n\n',
    'id: 4\nretry: 10\n\n',
  ];
  const stub = await serve(t, [...beats, ...noise, event({ type: 'text', content: 'ok' })].join(''));
  const seen: TurnProgress[] = [];
  assert.deepEqual(await turn(stub, { onProgress: (progress) => seen.push(progress) }), closed('ok'));
  assert.deepEqual(seen.at(-1), { type: 'text', text: 'ok' });
});

for (const beat of [
  'data: heartbeat\n\n',
  'data: {"type":"heartbeat"}\n\n',
  'event: heartbeat\ndata: x\n\n',
  'event: heartbeat\n\n',
  'data:\n\n',
  ': ping\n\n',
  'heartbeat\n\n',
]) {
  test(`ends as idle on nothing but ${JSON.stringify(beat)}`, async (t) => {
    const stub = await startRawStub((socket) => {
      socket.write(`${head()}transfer-encoding: chunked\r\n\r\n`);
      socket.write(chunk(event({ type: 'tool_call', name: 'edit_multitrack' })));
      const timer = setInterval(() => socket.write(chunk(beat)), 20);
      socket.on('close', () => clearInterval(timer));
    });
    t.after(stub.close);
    const seen: TurnProgress[] = [];
    const end = await turn(stub, { idleTimeoutMs: 150, onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(end, { kind: 'ended', end: 'idle', reply: '', tools: ['edit_multitrack'], error: null });
    assert.ok(seen.some((progress) => progress.type === 'heartbeat'));
  });
}

test('ends as idle when nothing is answered at all', async (t) => {
  const stub = await startRawStub(() => undefined);
  t.after(stub.close);
  assert.partialDeepStrictEqual(await turn(stub, { idleTimeoutMs: 60 }), { kind: 'ended', end: 'idle' });
});

test('ends as timeout while events keep coming, and closes the connection', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stub = await startRawStub((socket) => {
    socket.write(`${head()}transfer-encoding: chunked\r\n\r\n`);
    const timer = setInterval(() => socket.write(chunk(event({ type: 'text', content: 'x' }))), 10);
    socket.on('close', () => {
      clearInterval(timer);
      resolve();
    });
  });
  t.after(stub.close);
  const end = await turn(stub, { idleTimeoutMs: 100, totalTimeoutMs: 300 });
  assert.partialDeepStrictEqual(end, { kind: 'ended', end: 'timeout', error: null });
  assert.match(end.kind === 'ended' ? end.reply : '', /^x{3,}$/);
  await promise;
});

test('ends as aborted by the signal, with what was read', async (t) => {
  const stub = await startRawStub((socket) => {
    socket.write(`${head()}transfer-encoding: chunked\r\n\r\n`);
    socket.write(chunk(event({ type: 'text', content: 'so far' })));
  });
  t.after(stub.close);
  const controller = new AbortController();
  const end = await turn(stub, { signal: controller.signal, onProgress: () => controller.abort() });
  assert.deepEqual(end, { kind: 'ended', end: 'aborted', reply: 'so far', tools: [], error: null });
});

test('a stream without its last chunk is cut, by FIN and by reset', async (t) => {
  const stream = event({ type: 'text', content: 'half' });
  const cut = { ...closed('half'), end: 'cut' };
  assert.deepEqual(await turnOf(t, stream, { end: false }), cut);
  const stub = await startRawStub((socket) => {
    socket.write(`${head('connection: close\r\n')}transfer-encoding: chunked\r\n\r\n`);
    socket.write(chunk(stream), () => setTimeout(() => socket.resetAndDestroy(), 20));
  });
  t.after(stub.close);
  assert.deepEqual(await turn(stub), cut);
});

test('a stream that ends before its length is cut, at its length closed', async (t) => {
  const stream = event({ type: 'text', content: 'half' });
  for (const [extra, connection, end] of [
    [0, '', 'closed'],
    [1, '', 'cut'],
    [1, 'connection: close\r\n', 'cut'],
    [0, 'connection: close\r\n', 'closed'],
  ] as const) {
    const stub = await startRawStub((socket) =>
      socket.end(`${head(connection)}content-length: ${stream.length + extra}\r\n\r\n${stream}`),
    );
    t.after(stub.close);
    assert.deepEqual(await turn(stub), { ...closed('half'), end }, `${extra} ${connection}`);
  }
});

test('a stream that only the end of the connection bounds cannot be told from a cut', async (t) => {
  const stub = await startRawStub((socket) =>
    socket.end(`${head('connection: close\r\n')}\r\n${event({ type: 'text', content: 'all' })}`),
  );
  t.after(stub.close);
  assert.deepEqual(await turn(stub), { ...closed('all'), end: 'cut' });
});

test('a connection lost before any answer is cut, not refused', async (t) => {
  const stub = await startRawStub((socket) => socket.destroy());
  t.after(stub.close);
  assert.deepEqual(await turn(stub), { ...closed(''), end: 'cut' });
});

test('reads compressed streams; half of one is cut', async (t) => {
  const { stream, end } = dialects['A flat']!;
  for (const [name, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const) {
    const bytes = compress(stream);
    assert.deepEqual(
      await turnOf(t, bytes, { head: head(`content-encoding: ${name}\r\n`), cuts: [1, 2, 7, 30] }),
      end,
      name,
    );
    const half = await turnOf(t, bytes.subarray(0, bytes.length - 4), { head: head(`content-encoding: ${name}\r\n`) });
    assert.partialDeepStrictEqual(half, { kind: 'ended', end: 'cut' }, name);
  }
});

test('drops a trailing "temporary issue"; alone it is no answer', async (t) => {
  const issue = 'I encountered a temporary issue. Please try again.';
  const texts = (...parts: string[]): string => parts.map((content) => event({ type: 'text', content })).join('');
  assert.deepEqual(await turnOf(t, texts('Added the logo.\n', issue)), closed('Added the logo.'));
  assert.deepEqual(await turnOf(t, texts(issue)), closed(''));
  assert.deepEqual(
    await turnOf(t, texts('I encountered a temporary issue, ', 'but went on. The logo is on now.')),
    closed('I encountered a temporary issue, but went on. The logo is on now.'),
  );
});

test('keeps an error inside the stream apart from the end of it', async (t) => {
  const cases: [unknown, object][] = [
    [{ error: 'out of juice' }, { code: 'server_error', upstreamCode: null, detail: 'out of juice' }],
    [{ error: { code: 429, message: 'slow down' } }, { code: 'rate_limited', upstreamCode: 429, detail: 'slow down' }],
    [
      { errorCode: '2001', errorMessage: 'no credits' },
      { code: 'out_of_credits', upstreamCode: 2001, detail: 'no credits' },
    ],
    [{ errorCode: 'MALFORMED_FUNCTION_CALL' }, { code: 'server_error', detail: 'MALFORMED_FUNCTION_CALL' }],
    [
      { code: 1002, message: 'session not found' },
      { code: 'session_missing', upstreamCode: 1002 },
    ],
    [
      { type: 'error', content: 'broken' },
      { code: 'server_error', detail: 'broken' },
    ],
    [{ error: `bad ${token}` }, { detail: 'bad [token]' }],
  ];
  for (const [value, error] of cases) {
    const end = await turnOf(t, event({ type: 'text', content: 'so far' }) + event(value));
    assert.partialDeepStrictEqual(end, {
      kind: 'ended',
      end: 'closed',
      reply: 'so far',
      error: { httpStatus: 200, ...error },
    });
  }
});

test('refusals that are no event stream prove that the turn was not taken', async (t) => {
  const cases: [number, string, string, string][] = [
    [200, 'application/json', '{"code":1001,"message":"expired"}', 'token_invalid'],
    [200, 'application/json', '{"code":1002}', 'session_missing'],
    [404, 'application/json', '{"code":1002}', 'session_missing'],
    [402, 'application/json', '{"code":2001}', 'out_of_credits'],
    [500, 'application/json', '{"code":2001}', 'out_of_credits'],
    [402, 'application/json', '{"detail":"plan"}', 'export_blocked'],
    [403, 'application/json', '', 'forbidden'],
    [401, 'application/json', '{}', 'token_invalid'],
    [429, 'text/html', '<html><title>Too many</title>', 'rate_limited'],
  ];
  for (const [status, type, body, code] of cases) {
    const stub = await startStub((_request, response) =>
      response.writeHead(status, { 'content-type': type, 'retry-after': '7' }).end(body),
    );
    t.after(stub.close);
    assert.partialDeepStrictEqual(
      await turn(stub),
      { kind: 'refused', error: { code, retryAfterMs: 7000 } },
      `${status} ${body}`,
    );
  }
});

test('any other reply that is no event stream leaves the outcome unknown', async (t) => {
  const cases: [number, string, string, string][] = [
    [502, 'text/html', '<html>Bad gateway</html>', 'server_error'],
    [404, 'text/html', '<html>Not found</html>', 'server_error'],
    [404, 'application/json', '{"detail":"Session not found"}', 'session_unconfirmed'],
    [500, 'application/json', '{"detail":"boom"}', 'server_error'],
    [200, 'application/json', '{"code":0,"data":{}}', 'server_error'],
    [200, 'application/json', '{"code":42,"message":"no idea"}', 'rejected'],
    [200, 'application/json', '{"co', 'server_error'],
    [200, 'text/plain', 'hello', 'server_error'],
    [429, 'text/event-stream', 'data: {"error":"slow"}\n\n', 'rate_limited'],
    [301, 'text/plain', '', 'server_error'],
  ];
  for (const [status, type, body, code] of cases) {
    const stub = await startStub((_request, response) =>
      response.writeHead(status, { 'content-type': type, location: 'http://127.0.0.1:1/' }).end(body),
    );
    t.after(stub.close);
    assert.partialDeepStrictEqual(
      await turn(stub),
      { kind: 'ended', end: 'no-stream', reply: '', error: { code } },
      `${status} ${body}`,
    );
    assert.equal(stub.received.length, 1);
  }
});

test('is not sent when nobody listens', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const stub = await startStub(() => undefined, { baseUrl: `http://127.0.0.1:${port}` });
  let asked = false;
  const end = await turn(stub, { beforeSend: () => (asked = true) });
  assert.partialDeepStrictEqual(end, {
    kind: 'not-sent',
    error: { code: 'connect_failed', detail: 'ECONNREFUSED', httpStatus: null },
  });
  assert.equal(asked, false);
  await stub.close();
});

test('is not sent when TLS fails, is slow, or the signal comes first', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stub = await startStub(() => undefined, { baseUrl });
  t.after(async () => {
    await stub.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const slow = await turn(stub, { totalTimeoutMs: 80 });
  assert.partialDeepStrictEqual(slow, { kind: 'not-sent', error: { code: 'connect_failed' } });
  const signal = AbortSignal.timeout(40);
  assert.partialDeepStrictEqual(await turn(stub, { signal }), { kind: 'not-sent', error: { code: 'aborted' } });
  assert.partialDeepStrictEqual(await turn(stub, { signal }), { kind: 'not-sent', error: { code: 'aborted' } });
  server.once('connection', (socket: Socket) => socket.once('data', () => socket.end('no TLS here')));
  assert.partialDeepStrictEqual(await turn(stub), { kind: 'not-sent', error: { code: 'connect_failed' } });
});

test('asks the fence on an open connection, and writes in the same tick or not at all', async (t) => {
  let bytes = 0;
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        bytes += data.length;
        socket.end(`${head()}content-length: 0\r\n\r\n`);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  const stub = await startStub(() => undefined, { baseUrl: `http://127.0.0.1:${port}` });
  t.after(async () => {
    await stub.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const refused = await turn(stub, { beforeSend: () => false });
  assert.deepEqual(refused, {
    kind: 'not-sent',
    error: { code: 'aborted', upstreamCode: null, httpStatus: null, retryAfterMs: null, detail: 'fenced' },
  });
  await assert.rejects(
    turn(stub, {
      beforeSend: () => {
        throw new Error('fence broke');
      },
    }),
    /fence broke/,
  );
  // A connection of our own, opened later, is served later: by then the refused ones have shown all they had.
  await new Promise<void>((resolve) =>
    connectTcp(port, '127.0.0.1').on('connect', function (this: Socket) {
      this.destroy();
      resolve();
    }),
  );
  assert.equal(bytes, 0);
  let asked = 0;
  let microtasks = 0;
  const end = await turn(stub, {
    beforeSend: () => {
      asked += 1;
      queueMicrotask(() => (microtasks += 1));
      return microtasks === 0;
    },
  });
  assert.deepEqual(end, closed(''));
  assert.equal(asked, 1);
  assert.equal(connections, 4);
  assert.ok(bytes > 0);
});

test('shows each text once while it comes, and tools by name', async (t) => {
  const seen: TurnProgress[] = [];
  await turn(await serve(t, dialects['B partial, then aggregated']!.stream), {
    onProgress: (progress) => seen.push(progress),
  });
  const texts = seen.map((progress) => (progress.type === 'text' ? progress.text : '')).join('');
  assert.equal(texts, 'Trimmed the start.All done.');
  assert.deepEqual(
    seen.filter(({ type }) => type === 'tool'),
    [{ type: 'tool', name: 'edit_multitrack' }],
  );
});

test('caps the reply, skips an event beyond 4 MB and goes on after it', async (t) => {
  const big = event({ type: 'tool_result', result: 'x'.repeat(5 * 1024 * 1024) });
  const stub = await serve(
    t,
    big +
      event({ type: 'text', content: 'after' }) +
      event({ type: 'text', content: 'y'.repeat(70_000) }) +
      event({ type: 'text', content: 'z' }),
  );
  const end = await turn(stub);
  assert.equal(end.kind === 'ended' && end.end, 'closed');
  assert.equal(end.kind === 'ended' && end.reply.length, 64 * 1024);
  assert.match(end.kind === 'ended' ? end.reply : '', /^aftery+$/);
});

test('a stream without end is cut', async (t) => {
  const stub = await startRawStub((socket) => {
    socket.write(`${head()}transfer-encoding: chunked\r\n\r\n`);
    const block = chunk(': '.padEnd(1024 * 1024, 'x') + '\n');
    const pour = (): void => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('drain', pour);
    pour();
  });
  t.after(stub.close);
  assert.partialDeepStrictEqual(await turn(stub), { kind: 'ended', end: 'cut' });
});

test('goes on when progress cannot be taken, and never shows the token', async (t) => {
  const stream = event({ type: 'text', content: `it is ${token}` });
  const options = {
    onProgress: () => {
      throw new Error('reader broke');
    },
  };
  for (const body of [stream, gzipSync(stream)]) {
    const extra = body === stream ? '' : 'content-encoding: gzip\r\n';
    assert.deepEqual(await turn(await serve(t, body, { head: head(extra) }), options), closed('it is [token]'));
  }
});

test('an early hint is no answer', async (t) => {
  const stub = await startRawStub((socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n');
    socket.write(`${head()}content-length: 13\r\n\r\ndata: {"text"`);
  });
  t.after(stub.close);
  assert.deepEqual(await turn(stub), closed(''));
});

test('a refusal whose body is cut still refuses; a body too large does not', async (t) => {
  const cut = await startRawStub((socket) => socket.end('HTTP/1.1 429 Too Many\r\ncontent-length: 100\r\n\r\n{"co'));
  t.after(cut.close);
  assert.partialDeepStrictEqual(await turn(cut), { kind: 'refused', error: { code: 'rate_limited' } });
  const large = await startStub((_request, response) =>
    response.writeHead(200).end(Buffer.alloc(2 * 1024 * 1024, 'x')),
  );
  t.after(large.close);
  assert.partialDeepStrictEqual(await turn(large), {
    kind: 'ended',
    end: 'no-stream',
    error: { code: 'server_error' },
  });
});

test('a turn leaves no connection open and takes none of another call', async (t) => {
  const stub = await startStub((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(event({ type: 'text', content: 'ok' }));
  });
  t.after(stub.close);
  let open = 0;
  const client = stub.up.openTurnDispatcher;
  const counting = {
    ...stub.up,
    openTurnDispatcher: () =>
      client()
        .on('connect', () => (open += 1))
        .on('disconnect', () => (open -= 1)),
  };
  await Promise.all([1, 2, 3].map(() => runTurn(counting, token, request, limits)));
  assert.equal(open, 0);
  assert.equal(stub.received.length, 3);
});
