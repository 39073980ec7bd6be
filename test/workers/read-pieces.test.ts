import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once, type EventEmitter } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { uploadBytes } from '../../src/shared/upstream/upload-bytes.ts';
import { readPieces } from '../../src/workers/read-pieces.ts';
import { startStub, token } from '../shared/upstream/stub-upstream.ts';

const bytes = randomBytes(6 * 1024 * 1024 + 12_345);
let folder = '';
let path = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-test-'));
  path = join(folder, 'clip.mp4');
  await writeFile(path, bytes);
});
after(() => rm(folder, { recursive: true }));

/** A receiver that lets the socket fill up: a piece waits there while the next ones are read from the disk. */
async function slowReceiver() {
  const received = createHash('sha256');
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        chunks.push(chunk as Buffer);
      }
      const body = Buffer.concat(chunks);
      const start = body.indexOf('\r\n\r\n') + 4;
      received.update(body.subarray(start, start + bytes.length));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ code: 0, data: { files: [{ filename: 'a.mp4' }], session_state_applied: true } }));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stub = await startStub(() => undefined, {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  const close = async (): Promise<void> => {
    await stub.close();
    server.close();
  };
  return { up: stub.up, close, digest: () => received.digest('hex') };
}

test('sends each byte once and in its place to a receiver that is slower than the disk', async () => {
  const receiver = await slowReceiver();
  try {
    const handle = await open(path);
    const closed = once(handle as unknown as EventEmitter, 'close');
    const source = { sessionId: '42', name: 'clip.mp4', contentType: 'video/mp4', bytes: bytes.length };
    await uploadBytes(receiver.up, token, { ...source, body: readPieces(handle) });
    assert.equal(receiver.digest(), createHash('sha256').update(bytes).digest('hex'));
    await closed;
  } finally {
    await receiver.close();
  }
});

test('closes the file of whoever stops in the middle, or never begins', async () => {
  for (const pieces of [0, 1, 2]) {
    const handle = await open(path);
    const closed = once(handle as unknown as EventEmitter, 'close');
    const body = readPieces(handle);
    const reader = body[Symbol.asyncIterator]();
    for (let read = 0; read < pieces; read += 1) await reader.next();
    body.destroy();
    await closed;
  }
});

test('a file that cannot be read says so', async () => {
  const body = readPieces(await open(folder));
  await assert.rejects(body[Symbol.asyncIterator]().next(), { code: 'EISDIR' });
  body.destroy();
});
