/** One attempt against receivers that misbehave: what is told of it, and that nothing leaves for where it may not go. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { createGuardedAgent } from '../../../src/shared/guard/create-guarded-agent.ts';
import { createOpenRequests } from '../../../src/shared/webhook/open-requests.ts';
import { postWebhook } from '../../../src/shared/webhook/post-webhook.ts';
import type { Attempt } from '../../../src/shared/webhook/attempt.ts';
import { respond, startReceiver, type Answer } from './receiver.ts';

async function attempt(t: TestContext, url: string, timeoutMs = 2000): Promise<Attempt> {
  const dispatcher = createGuardedAgent({ allowPrivate: true });
  t.after(() => dispatcher.destroy());
  const sender = {
    dispatcher,
    open: createOpenRequests(),
    allowPrivate: true,
    timeoutMs,
    close: async () => undefined,
  };
  const trace = { requestId: 'req_of_the_batch', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  const posted = await postWebhook(sender, { id: 'msg_1', url, secret: null, body: '{}', at: Date.now(), ...trace });
  assert.ok(posted.kind === 'attempted');
  return posted.attempt;
}

async function receive(t: TestContext, answer: Answer) {
  const receiver = await startReceiver(answer);
  t.after(receiver.close);
  return receiver;
}

test('takes an answer just before the time-out, and none after it', async (t) => {
  const late: Answer = (response) => setTimeout(() => response.writeHead(200).end('late'), 600);
  const { url } = await receive(t, late);
  assert.deepEqual([(await attempt(t, url, 1500)).response, (await attempt(t, url, 100)).error], ['late', 'timed_out']);
});

test('reads no further than it keeps of an answer without end', async (t) => {
  let sent = 0;
  const endless = function* (): Generator<Buffer> {
    for (; sent < 10_000_000_000; sent += 65_536) yield Buffer.alloc(65_536, 'x');
  };
  const { url } = await receive(t, (response) => {
    response.writeHead(200, { 'content-length': '10000000000' });
    Readable.from(endless())
      .on('error', () => undefined)
      .pipe(response);
  });
  const { status, response } = await attempt(t, url);
  assert.deepEqual([status, response?.length], [200, 1024]);
  assert.ok(sent < 50_000_000, `${sent} bytes were taken`);
});

test('keeps the status of an answer that is cut in mid-body, and sends nobody anywhere', async (t) => {
  const cut = await receive(t, (response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
  });
  const { status, error, response } = await attempt(t, cut.url);
  assert.deepEqual([status, error, response], [200, null, 'half']);
  const inner = await receive(t, respond(200));
  const redirecting = await receive(t, respond(302, { location: inner.url }));
  assert.deepEqual([(await attempt(t, redirecting.url)).error, inner.received.length], ['redirected', 0]);
  const closing = await receive(t, (response) => response.destroy());
  assert.equal((await attempt(t, closing.url)).error, 'connection_failed');
});

test('names the request that made the batch, and its trace', async (t) => {
  const receiver = await receive(t, respond(204));
  await attempt(t, receiver.url);
  const [got] = receiver.received;
  assert.equal(got?.headers['x-request-id'], 'req_of_the_batch');
  assert.equal(got?.headers['traceparent'], `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
});

test('refuses a certificate that nobody vouches for', async (t) => {
  if (spawnSync('openssl', ['version']).status !== 0) return t.skip('there is no openssl here');
  const place = await mkdtemp(join(tmpdir(), 'bv-tls-'));
  t.after(() => rm(place, { recursive: true, force: true }));
  const [key, cert] = [join(place, 'key'), join(place, 'cert')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  spawnSync('openssl', [...made, '-subj', '/CN=localhost', '-keyout', key, '-out', cert]);
  let asked = 0;
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, () => (asked += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { error, response } = await attempt(t, `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
  assert.deepEqual([error, response, asked], ['connection_failed', 'DEPTH_ZERO_SELF_SIGNED_CERT', 0]);
});
