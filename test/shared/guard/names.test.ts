/** Names that lead inside, asked of a real DNS server whose answers change: for every kind of URL that the guard covers. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { request } from 'undici';
import { checkResolved } from '../../../src/shared/guard/check-resolved.ts';
import { createGuardedAgent } from '../../../src/shared/guard/create-guarded-agent.ts';
import { GuardError } from '../../../src/shared/guard/guard-error.ts';
import { openOutput } from '../../../src/shared/upstream/open-output.ts';
import { createOpenRequests } from '../../../src/shared/webhook/open-requests.ts';
import { postWebhook } from '../../../src/shared/webhook/post-webhook.ts';
import { startDnsServer, type DnsServer } from './dns-server.ts';

let dns: DnsServer;
let port: number;
let reached = 0;
const server = createServer((request, response) => {
  reached += 1;
  const to = URL.parse(request.url ?? '', 'http://x')?.searchParams.get('to');
  if (to == null) response.end('in');
  else response.writeHead(302, { location: to }).end();
});

before(async () => {
  dns = await startDnsServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => {
  dns.close();
  server.close();
});

const inside = [
  ['127.0.0.1'],
  ['1.1.1.1', '10.0.0.1'],
  ['169.254.169.254'],
  ['2606:4700::1111', 'fd00::1'],
  ['::1'],
  ['0:0:0:0:0:ffff:7f00:1'],
  ['64:ff9b::a00:1'],
  ['2002:7f00:1::'],
] as const;

test('refuses a name with any address inside, for what it fetches and for what others fetch', async (t) => {
  const agent = createGuardedAgent({ allowPrivate: false, resolve: dns.resolve });
  t.after(() => agent.destroy());
  for (const [at, addresses] of inside.entries()) {
    const name = `inside-${at}.example`;
    dns.names.set(name, [addresses]);
    await assert.rejects(checkResolved(`http://${name}/a`, { allowPrivate: false, resolve: dns.resolve }), GuardError);
    await assert.rejects(request(`http://${name}:${port}/`, { dispatcher: agent }), GuardError, addresses.join());
  }
  assert.equal(reached, 0);
});

test('refuses metadata behind a name even where private addresses are allowed', async (t) => {
  const agent = createGuardedAgent({ allowPrivate: true, resolve: dns.resolve });
  t.after(() => agent.destroy());
  for (const [at, address] of ['169.254.169.254', 'fd00:ec2:0:0:0:0:0:254', '100.100.100.200'].entries()) {
    const name = `metadata-${at}.example`;
    dns.names.set(name, [['127.0.0.1', address]]);
    await assert.rejects(request(`http://${name}:${port}/`, { dispatcher: agent }), GuardError, address);
    await assert.rejects(checkResolved(`http://${name}/`, { allowPrivate: true, resolve: dns.resolve }), GuardError);
  }
  assert.equal(reached, 0);
});

test('an answer that changes between check and use is checked where it is used', async (t) => {
  dns.names.set('turning.example', [['1.1.1.1'], ['127.0.0.1']]);
  const url = `http://turning.example:${port}/`;
  await checkResolved(url, { allowPrivate: false, resolve: dns.resolve });
  const dispatcher = createGuardedAgent({ allowPrivate: false, resolve: dns.resolve });
  t.after(() => dispatcher.destroy());
  const sender = {
    dispatcher,
    open: createOpenRequests(),
    allowPrivate: false,
    timeoutMs: 2000,
    close: async () => undefined,
  };
  const posted = await postWebhook(sender, { id: 'msg_1', url, secret: null, body: '{}', at: Date.now() });
  assert.equal(posted.kind === 'attempted' && posted.attempt.error, 'private_host');
  assert.equal(reached, 0);
});

test('connects to the answer that it checked: nobody is asked twice', async (t) => {
  dns.names.set('pinned.example', [['127.0.0.1'], ['169.254.169.254']]);
  const agent = createGuardedAgent({ allowPrivate: true, resolve: dns.resolve });
  t.after(() => agent.destroy());
  assert.equal(await (await request(`http://pinned.example:${port}/`, { dispatcher: agent })).body.text(), 'in');
  assert.deepEqual(dns.asked.filter((name) => name === 'pinned.example').length, 1);
});

test('checks again after each redirect', async (t) => {
  dns.names.set('outer.example', [['127.0.0.1']]);
  dns.names.set('inner.example', [['127.0.0.1', '169.254.169.254']]);
  const agent = createGuardedAgent({ allowPrivate: true, resolve: dns.resolve });
  t.after(() => agent.destroy());
  const from = `http://outer.example:${port}/?to=`;
  const targets = [
    `http://inner.example:${port}/`,
    'http://169.254.169.254/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://2852039166/',
  ];
  for (const target of targets) {
    await assert.rejects(openOutput(agent, from + encodeURIComponent(target)), GuardError, target);
  }
  const twice = `${from}${encodeURIComponent(`${from}${encodeURIComponent('http://169.254.169.254/')}`)}`;
  await assert.rejects(openOutput(agent, twice), GuardError);
});

test('lets a name pass that does not resolve here, where somebody else fetches it', async () => {
  await checkResolved('http://unknown.example/a.mp4', { allowPrivate: false, resolve: dns.resolve });
  await assert.rejects(checkResolved('http://localhost./a', { allowPrivate: false }), GuardError);
  await assert.rejects(checkResolved('ftp://a.example/', { allowPrivate: true }), GuardError);
});
