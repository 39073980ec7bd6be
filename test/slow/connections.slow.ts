/** What a connection may take of us, over real sockets: slow ones are cut, unreadable ones are told why. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { httpLimits } from '../../src/api/http-limits.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { openTestApi, type TestApi } from '../api/open-test-api.ts';

let server: TestRedis;
let api: TestApi;
let port: number;

before(async () => {
  server = await openTestRedis();
  const limits = { ...httpLimits, headersTimeoutMs: 300, bodyTimeoutMs: 300, silentMs: 500, checkMs: 50 };
  api = await openTestApi(server.socketPath, {}, {}, limits);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = api.app.server.address() as AddressInfo);
});
after(async () => {
  await api.close();
  await server.close();
});

/** Sends the beginning, then `more` every 20 ms, so many times; resolves with all that came until the other side closed. */
function talk(beginning: string | Buffer, more = '', times = Infinity): Promise<{ text: string; tookMs: number }> {
  const socket = connect(port, '127.0.0.1');
  const startedAt = performance.now();
  const { promise, resolve } = Promise.withResolvers<{ text: string; tookMs: number }>();
  let text = '';
  let left = more === '' ? 0 : times;
  const timer = setInterval(() => {
    if (left <= 0 || !socket.writable) return;
    left -= 1;
    socket.write(more);
  }, 20);
  socket.on('data', (piece) => (text += piece.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearInterval(timer);
    resolve({ text, tookMs: performance.now() - startedAt });
  });
  socket.write(beginning);
  return promise;
}

const head = (line: string, ...headers: string[]): string =>
  [line, 'Host: x', 'Connection: close', ...headers].join('\r\n');
const codeIn = (text: string): unknown => {
  assert.match(text, /content-type: application\/problem\+json/i);
  return (JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as { code: unknown }).code;
};

describe('a client', { concurrency: true }, () => {
  const refused: [name: string, beginning: string | Buffer, more: string, status: number, code: string][] = [
    ['that sends its headers one by one', head('GET /batches HTTP/1.1'), '\r\nX-A: b', 408, 'request_too_slow'],
    [
      'whose JSON trickles in',
      `${head('POST /batches HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 90000')}\r\n\r\n{`,
      ' ',
      408,
      'request_too_slow',
    ],
    [
      'whose upload has stopped',
      `${head('POST /uploads?name=a.mp4 HTTP/1.1', 'Content-Length: 90000')}\r\n\r\nabc`,
      '',
      408,
      'request_too_slow',
    ],
    ['whose URL is long', `${head(`GET /${'a'.repeat(9000)} HTTP/1.1`)}\r\n\r\n`, '', 414, 'url_too_long'],
    ['with 20 KB of headers', `${head('GET / HTTP/1.1', `X-A: ${'a'.repeat(20_000)}`)}\r\n\r\n`, '', 431, 'headers_too_large'],
    ['that speaks TLS', Buffer.from('160301020001000001fc0303', 'hex'), '', 400, 'invalid_http'],
    ['that names two lengths', `${head('POST /batches HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2')}\r\n\r\nab`, '', 400, 'invalid_http'],
  ]; // prettier-ignore
  for (const [name, beginning, more, status, code] of refused) {
    test(`${name} gets ${status} ${code}`, async () => {
      const { text } = await talk(beginning, more);
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} `));
      assert.equal(codeIn(text), code);
    });
  }

  test('whose upload is slow but moves is served', async () => {
    const pieces = 40;
    const piece = `\0\0\0\x18ftypisom${'x'.repeat(4988)}`;
    const begun = `${head('POST /uploads?name=a.mp4 HTTP/1.1', `Content-Length: ${pieces * piece.length}`)}\r\n\r\n`;
    const { text, tookMs } = await talk(begun, piece, pieces);
    assert.match(text, /^HTTP\/1.1 201 /);
    assert.ok(tookMs > 600, 'longer than a body that stands still may take');
  });
});

test('nothing is left of the upload that was cut', async () => {
  const left = await readdir(api.ctx.config.uploadDir);
  assert.deepEqual(
    left.filter((file) => file.endsWith('.part')),
    [],
  );
});

test('a reader that does not read is cut', async () => {
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) =>
      api.app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  const socket = connect(port, '127.0.0.1');
  // Larger than what the two ends buffer; nothing of it is taken.
  socket.pause().write(`${head('GET /docs/js/scalar.js HTTP/1.1')}\r\n\r\n`);
  await once(socket, 'connect');
  const startedAt = performance.now();
  while ((await connections()) > 0 && performance.now() - startedAt < 5000) await delay(20);
  socket.destroy();
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs > 400 && tookMs < 5000, `${tookMs} ms`);
});
