import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readBalance } from '../../../src/shared/upstream/read-balance.ts';
import { escapeFilename, uploadBytes } from '../../../src/shared/upstream/upload-bytes.ts';
import { UploadSourceError } from '../../../src/shared/upstream/upload-source-error.ts';
import { UpstreamError } from '../../../src/shared/upstream/upstream-error.ts';
import { attribution, sendJson, startRawStub, startStub, token } from './stub-upstream.ts';

const reply = {
  code: 0,
  data: { files: [{ filename: 'a.mp4', cdn_url: 'https://c/a' }], session_state_applied: true },
};
type Clip = Parameters<typeof uploadBytes>[2] & { readonly body: Readable };
const clip = (bytes: Buffer, more: object = {}): Clip => ({
  sessionId: '42',
  name: 'a.mp4',
  contentType: 'video/mp4',
  bytes: bytes.length,
  body: Readable.from([bytes]),
  ...more,
});

test('sends one part named files, with the right length and a safe file name', async (t) => {
  const stub = await startStub((_request, response) => sendJson(response, reply));
  t.after(stub.close);
  const bytes = Buffer.from([0, 1, 13, 10, 45, 45, 255]);
  const name = '假期 "a"\r\nX-Evil: 1.mp4';
  const uploaded = await uploadBytes(stub.up, token, clip(bytes, { name }));
  assert.partialDeepStrictEqual(uploaded, { applied: true, media: [{ name: 'a.mp4', url: 'https://c/a' }] });
  const [sent] = stub.received;
  assert.partialDeepStrictEqual(sent!.headers, {
    ...attribution,
    authorization: `Bearer ${token}`,
    'content-length': String(sent!.body.length),
  });
  assert.equal(sent!.headers['transfer-encoding'], undefined);
  assert.equal(sent!.url, '/api/upload-video/nemo_agent/me/42');
  const form = await new Response(new Uint8Array(sent!.body), {
    headers: { 'content-type': sent!.headers['content-type']! },
  }).formData();
  const file = form.get('files') as File;
  assert.deepEqual([...form.keys()], ['files']);
  assert.equal(file.type, 'video/mp4');
  assert.deepEqual(Buffer.from(await file.arrayBuffer()), bytes);
  assert.ok(sent!.body.includes(Buffer.from(`filename="假期 %22a%22%0D%0AX-Evil: 1.mp4"\r\n`)));
  assert.equal(escapeFilename('a"\r\n中'), 'a%22%0D%0A中');
});

test('streams with constant memory, as fast as the receiver takes it', async (t) => {
  let received = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (received += chunk.length));
    request.on('end', () => sendJson(response, reply));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub = await startStub(() => undefined, {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  t.after(async () => {
    await stub.close();
    server.close();
  });
  const bytes = 96 * 1024 * 1024;
  const block = Buffer.alloc(64 * 1024);
  let ahead = 0;
  async function* source(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < bytes; sent += block.length) {
      ahead = Math.max(ahead, sent - received);
      yield block;
    }
  }
  await uploadBytes(stub.up, token, clip(block, { bytes, body: Readable.from(source()) }));
  assert.ok(received > bytes);
  assert.ok(ahead < 32 * 1024 * 1024, `${ahead} bytes were read ahead`);
});

test('ends a body that is shorter or longer than announced, or that breaks, as a fault of the source', async (t) => {
  const stub = await startStub((_request, response) => sendJson(response, reply));
  t.after(stub.close);
  const broken = new Readable({
    read() {
      this.destroy(new Error('disk'));
    },
  });
  const bytes = Buffer.alloc(1000);
  const cases = [
    [clip(bytes, { bytes: 1001 }), 'length_mismatch'],
    [clip(bytes, { bytes: 999 }), 'length_mismatch'],
    [clip(bytes, { body: broken }), 'read_failed'],
  ] as const;
  for (const [source, code] of cases) {
    await assert.rejects(
      uploadBytes(stub.up, token, source),
      (error) => error instanceof UploadSourceError && error.code === code,
    );
    assert.ok(source.body.destroyed);
  }
  assert.equal(stub.received.length, 0, 'no cut upload looks like a whole one');
});

test('destroys the source when the connection is lost, refused or aborted', async (t) => {
  const cut = await startRawStub((socket) => socket.destroy());
  t.after(cut.close);
  const endless = (): Readable =>
    Readable.from(
      (async function* () {
        for (;;) yield Buffer.alloc(1000);
      })(),
    );
  const source = clip(Buffer.alloc(1000));
  await assert.rejects(
    uploadBytes(cut.up, token, source),
    (error) => error instanceof UpstreamError && error.fault.code === 'connection_lost',
  );
  assert.ok(source.body.destroyed);
  const aborted = clip(Buffer.alloc(1), { bytes: 1e12, body: endless() });
  await assert.rejects(
    uploadBytes(cut.up, token, aborted, { signal: AbortSignal.timeout(50) }),
    (error) => error instanceof UpstreamError && error.fault.code === 'aborted',
  );
  assert.ok(aborted.body.destroyed);
});

test('a refusal that comes before the body has been read is told, and the pool goes on', async (t) => {
  let refuse = true;
  const server = createServer((_request, response) => {
    if (!refuse) return sendJson(response, { code: 0, data: { available: 1 } });
    refuse = false;
    response.writeHead(413, { 'content-type': 'text/html', connection: 'close' });
    response.end('<html><title>413</title></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub = await startStub(() => undefined, {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  t.after(async () => {
    await stub.close();
    server.closeAllConnections();
    server.close();
  });
  async function* slow(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(1000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    yield Buffer.alloc(1000);
  }
  await assert.rejects(
    uploadBytes(stub.up, token, clip(Buffer.alloc(1), { bytes: 2000, body: Readable.from(slow()) })),
    (error) => error instanceof UpstreamError && error.fault.code === 'file_too_large',
  );
  assert.equal((await readBalance(stub.up, token)).available, 1);
});
