import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { createGuardedAgent } from '../../../src/shared/guard/create-guarded-agent.ts';
import { GuardError } from '../../../src/shared/guard/guard-error.ts';
import { openDownload } from '../../../src/shared/upstream/open-download.ts';
import { openOutput } from '../../../src/shared/upstream/open-output.ts';
import { UpstreamError } from '../../../src/shared/upstream/upstream-error.ts';
import { attribution, sendJson, startRawStub, startStub, token, type Stub } from './stub-upstream.ts';

async function cdn(t: TestContext): Promise<Stub> {
  const stub = await startStub((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    if (pathname === '/o.mp4') {
      const range = request.headers.range;
      response.writeHead(range === undefined ? 200 : 206, { 'content-type': 'video/mp4' });
      return response.end(range ?? 'bytes of the film');
    }
    if (pathname === '/to')
      return response
        .writeHead(Number(searchParams.get('status') ?? 302), { location: searchParams.get('url')! })
        .end();
    if (pathname === '/loop') return response.writeHead(302, { location: '/loop' }).end();
    return response.writeHead(Number(pathname.slice(1)) || 500).end('no');
  });
  t.after(stub.close);
  return stub;
}

const code = (expected: string) => (error: unknown) => error instanceof UpstreamError && error.fault.code === expected;

test('opens an output without token or attribution, with a range, through redirects', async (t) => {
  const stub = await cdn(t);
  const dispatcher = stub.up.outputDispatcher;
  const whole = await openOutput(dispatcher, `${stub.url}/o.mp4`);
  assert.equal(whole.status, 200);
  assert.equal(await text(whole.body), 'bytes of the film');
  const part = await openOutput(dispatcher, `${stub.url}/to?url=${encodeURIComponent('/to?status=307&url=/o.mp4')}`, {
    range: 'bytes=2-3',
  });
  assert.equal(part.status, 206);
  assert.equal(await text(part.body), 'bytes=2-3');
  for (const { headers } of stub.received) {
    assert.equal(headers.authorization, undefined);
    for (const name of Object.keys(attribution)) assert.equal(headers[name], undefined);
  }
});

test('gives up on loops, missing files and odd links, and says what it was', async (t) => {
  const stub = await cdn(t);
  const dispatcher = stub.up.outputDispatcher;
  await assert.rejects(openOutput(dispatcher, `${stub.url}/loop`), code('server_error'));
  assert.equal(stub.received.length, 6);
  for (const [path, expected] of [
    ['404', 'not_found'],
    ['403', 'not_found'],
    ['401', 'not_found'],
    ['410', 'not_found'],
    ['416', 'rejected'],
    ['429', 'server_error'],
    ['503', 'server_error'],
    ['304', 'server_error'],
  ] as const) {
    await assert.rejects(openOutput(dispatcher, `${stub.url}/${path}`), code(expected), path);
  }
  for (const url of ['file:///etc/passwd', 'nonsense', `http://user:pw@127.0.0.1:${stub.port}/o.mp4`]) {
    await assert.rejects(openOutput(dispatcher, url), code('server_error'), url);
  }
  await assert.rejects(openOutput(dispatcher, `${stub.url}/to?url=ftp://x/`), code('server_error'));
});

test('checks every hop: a public-looking link cannot lead to an inner address', async (t) => {
  const stub = await cdn(t);
  const strict = createGuardedAgent({ allowPrivate: false });
  t.after(() => strict.destroy());
  await assert.rejects(openOutput(strict, `${stub.url}/o.mp4`), GuardError);
  await assert.rejects(openOutput(strict, `http://localhost:${stub.port}/o.mp4`), GuardError);
  const received = stub.received.length;
  assert.equal(received, 0);
  await assert.rejects(
    openOutput(stub.up.outputDispatcher, `${stub.url}/to?url=http://169.254.169.254/latest`),
    GuardError,
  );
});

test('private outputs are allowed when the upstream itself is private, and else only by the setting', async (t) => {
  const stub = await cdn(t);
  const named = await startStub(() => undefined, { baseUrl: 'http://localhost:1' });
  const closed = await startStub(() => undefined, { baseUrl: 'https://1.1.1.1' });
  const opened = await startStub(() => undefined, { baseUrl: 'https://1.1.1.1', allowPrivateOutputs: true });
  for (const other of [named, closed, opened]) t.after(other.close);
  await text((await openOutput(named.up.outputDispatcher, `${stub.url}/o.mp4`)).body);
  await text((await openOutput(opened.up.outputDispatcher, `${stub.url}/o.mp4`)).body);
  await assert.rejects(openOutput(closed.up.outputDispatcher, `${stub.url}/o.mp4`), GuardError);
});

test('tells a cut output from a whole one, and ends a body by the signal', async (t) => {
  const cut = await startRawStub((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
  const slow = await startRawStub((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
  const silent = await startRawStub(() => undefined);
  for (const stub of [cut, slow, silent]) t.after(stub.close);
  await assert.rejects(text((await openOutput(cut.up.outputDispatcher, cut.url)).body));
  const controller = new AbortController();
  const opened = await openOutput(
    slow.up.outputDispatcher,
    slow.url,
    {},
    { signal: controller.signal, timeoutMs: 1000 },
  );
  const reading = text(opened.body);
  controller.abort();
  await assert.rejects(reading);
  await assert.rejects(openOutput(silent.up.outputDispatcher, silent.url, {}, { timeoutMs: 50 }), code('timed_out'));
  await assert.rejects(
    openOutput(silent.up.outputDispatcher, silent.url, {}, { signal: AbortSignal.abort() }),
    code('aborted'),
  );
});

test('downloads from the upstream: bytes, a link in JSON, or a redirect; the token stays with the upstream', async (t) => {
  const files = await cdn(t);
  const link = `${files.url}/o.mp4`;
  let answer: (stub: Parameters<Parameters<typeof startStub>[0]>[1]) => void = () => undefined;
  const stub = await startStub((_request, response) => answer(response));
  t.after(stub.close);
  const download = (range?: string): ReturnType<typeof openDownload> =>
    openDownload(stub.up, token, 'render_1', { range });

  answer = (response) => response.writeHead(206, { 'content-type': 'video/mp4' }).end('own bytes');
  const opened = await download('bytes=0-8');
  assert.equal(opened.status, 206);
  assert.equal(await text(opened.body), 'own bytes');
  assert.partialDeepStrictEqual(stub.received[0], {
    method: 'GET',
    url: '/api/render/proxy/render_1/download',
    headers: { ...attribution, authorization: `Bearer ${token}`, range: 'bytes=0-8' },
  });

  for (const body of [
    { code: 0, data: { url: link } },
    { success: true, data: { outputUrl: link } },
    { url: link },
    { data: { output: { url: link } } },
    { code: 0, data: link },
  ]) {
    answer = (response) => sendJson(response, body);
    assert.equal(await text((await download()).body), 'bytes of the film');
  }
  answer = (response) => response.writeHead(302, { location: link }).end();
  assert.equal(await text((await download('bytes=1-2')).body), 'bytes=1-2');
  assert.equal(files.received.length, 6);
  for (const { headers } of files.received) assert.equal(headers.authorization, undefined);

  const faults: [number, string, string, string][] = [
    [200, 'application/json', '{"code":1001}', 'token_invalid'],
    [404, 'application/json', '{"detail":"x"}', 'not_found'],
    [402, 'application/json', '{"detail":"x"}', 'export_blocked'],
    [200, 'application/json', '{"code":0,"data":{}}', 'server_error'],
    [200, 'application/json', '{"code":0,', 'server_error'],
    [200, 'text/html', '<html>login</html>', 'server_error'],
    [502, 'text/html', '<html>bad</html>', 'server_error'],
    [302, 'text/html', '', 'server_error'],
  ];
  for (const [status, type, body, expected] of faults) {
    answer = (response) => response.writeHead(status, { 'content-type': type }).end(body);
    await assert.rejects(download(), code(expected), body);
  }
  answer = (response) => sendJson(response, { url: 'http://169.254.169.254/' });
  await assert.rejects(download(), GuardError);
  await assert.rejects(openDownload(stub.up, token, 'render_1', {}, { signal: AbortSignal.abort() }), code('aborted'));
});
