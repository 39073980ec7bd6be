import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { request } from 'undici';
import { checkUrl, isPrivateHost } from '../../../src/shared/guard/check-url.ts';
import { createGuardedAgent, type Resolve } from '../../../src/shared/guard/create-guarded-agent.ts';
import { GuardError } from '../../../src/shared/guard/guard-error.ts';
import { judgeAddress } from '../../../src/shared/guard/judge-address.ts';

const privateHosts = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  'a.b.localhost.',
  '127.0.0.1',
  '127.1',
  '127.0.0.1.',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0x7f.1',
  '１２７.0.0.1',
  '10.0.0.1',
  '10.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '198.18.0.1',
  '192.0.2.1',
  '240.0.0.1',
  '[::1]',
  '::1',
  '[fc00::1]',
  'fd12:3456::1',
  '[::ffff:127.0.0.1]',
  '::ffff:7f00:1',
  '[::127.0.0.1]',
  '[64:ff9b::10.0.0.1]',
  '[64:ff9b::8.8.8.8]',
  '[2002:7f00:1::]',
  '[2001:db8::1]',
  '[fec0::1]',
  'printer.local',
  'x.internal',
];
const neverHosts = [
  '169.254.169.254',
  '169.254.0.1',
  '2852039166',
  '0xa9fea9fe',
  '[fe80::1]',
  '[febf::1]',
  '[fd00:ec2::254]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[::169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[2002:a9fe:a9fe::]',
  '0.0.0.0',
  '0',
  '0.1.2.3',
  '[::]',
  '224.0.0.1',
  '239.255.255.255',
  '[ff02::1]',
  '255.255.255.255',
  '100.100.100.200',
  '192.0.0.192',
  'metadata.google.internal',
  '[::ffff:0.0.0.0]',
];
const publicHosts = [
  'example.com',
  'localhost.example.com',
  'notlocalhost',
  'internal.example',
  '8.8.8.8',
  '134744072',
  '172.32.0.1',
  '[2606:4700::1111]',
  '[::ffff:8.8.8.8]',
  '11.0.0.1',
  'sandbox',
];

test('knows private hosts in every spelling', () => {
  for (const host of [...privateHosts, ...neverHosts, '', 'a b', '[', 'x/y@']) {
    if (host === 'x/y@') continue;
    assert.equal(isPrivateHost(host), true, host);
  }
  for (const host of publicHosts) assert.equal(isPrivateHost(host), false, host);
});

test('refuses private URLs unless allowed, and metadata always', () => {
  const url = (host: string): string =>
    `https://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}/a.mp4?x=1`;
  for (const host of privateHosts) {
    assert.partialDeepStrictEqual(
      checkUrl(url(host), { allowPrivate: false }),
      { ok: false, code: 'private_host' },
      host,
    );
    assert.equal(checkUrl(url(host), { allowPrivate: true }).ok, true, host);
  }
  for (const host of neverHosts) {
    assert.partialDeepStrictEqual(
      checkUrl(url(host), { allowPrivate: true }),
      { ok: false, code: 'private_host' },
      host,
    );
  }
  for (const host of publicHosts) assert.equal(checkUrl(url(host), { allowPrivate: false }).ok, true, host);
});

test('refuses what is no http URL, and credentials in one', () => {
  const rules = { allowPrivate: true };
  for (const text of ['', 'a.mp4', '//x/y', 'http://', 'http://a b/', 'http://[::1', 'http://256.1.1.1/']) {
    assert.partialDeepStrictEqual(checkUrl(text, rules), { ok: false, code: 'invalid_url' }, text);
  }
  for (const text of ['ftp://a/b', 'file:///etc/passwd', 'data:,x', 'javascript:1', 'gopher://a', 'ws://a']) {
    assert.partialDeepStrictEqual(checkUrl(text, rules), { ok: false, code: 'unsupported_protocol' }, text);
  }
  assert.partialDeepStrictEqual(checkUrl('http://a.example', { ...rules, protocols: ['https:'] }), {
    ok: false,
    code: 'unsupported_protocol',
  });
  for (const text of [
    'https://user:pw@a.example/',
    'https://user@a.example/',
    'https://:pw@a.example/',
    'https://a.example%40b@c.example/',
  ]) {
    assert.partialDeepStrictEqual(checkUrl(text, rules), { ok: false, code: 'url_with_credentials' }, text);
  }
  const good = checkUrl(' https://A.example:8443/x?y#z ', rules);
  assert.equal(good.ok && good.url.href, 'https://a.example:8443/x?y#z');
});

test('judges what is no address as never allowed', () => {
  assert.equal(judgeAddress('example.com'), 'never');
  assert.equal(judgeAddress('fe80::1%eth0'), 'never');
  assert.equal(judgeAddress('1.1.1.1'), 'public');
});

test('the agent refuses names and literal addresses before a byte leaves, unless private ones are allowed', async (t) => {
  let connections = 0;
  const server = createServer((_request, response) => response.end('in')).on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const strict = createGuardedAgent({ allowPrivate: false });
  const lenient = createGuardedAgent({ allowPrivate: true });
  const late = createGuardedAgent({ allowPrivate: () => Promise.resolve(true) });
  const broken = createGuardedAgent({ allowPrivate: () => Promise.reject(new Error('no DNS')) });
  t.after(async () => {
    await Promise.all([strict, lenient, late, broken].map((agent) => agent.destroy()));
    server.close();
  });
  const urls = [
    `http://127.0.0.1:${port}`,
    `http://localhost:${port}`,
    `http://[::ffff:127.0.0.1]:${port}`,
    `https://127.0.0.1:${port}`,
  ];
  for (const dispatcher of [strict, broken]) {
    for (const url of urls)
      await assert.rejects(
        request(url, { dispatcher }),
        (error) => error instanceof GuardError && error.code === 'private_host',
        url,
      );
  }
  assert.equal(connections, 0);
  for (const dispatcher of [lenient, late]) {
    for (const url of urls.slice(0, 2)) assert.equal(await (await request(url, { dispatcher })).body.text(), 'in');
    await assert.rejects(request('http://169.254.169.254/', { dispatcher }), GuardError);
  }
  await assert.rejects(request('http://no-such-name.invalid/', { dispatcher: lenient }), /ENOTFOUND|EAI_AGAIN/);
});

test('checks every address of a name, and connects to what it checked', async (t) => {
  const server = createServer((_request, response) => response.end('in'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let answers: string[] = [];
  let asked = 0;
  const resolve: Resolve = (_hostname, _options, callback) => {
    asked += 1;
    callback(
      null,
      answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  const strict = createGuardedAgent({ allowPrivate: false, resolve });
  const lenient = createGuardedAgent({ allowPrivate: true, resolve });
  t.after(async () => {
    await Promise.all([strict.destroy(), lenient.destroy()]);
    server.close();
  });
  const url = `http://video.example:${port}/`;
  for (answers of [
    ['1.1.1.1', '127.0.0.1'],
    ['127.0.0.1', '1.1.1.1'],
    ['::ffff:127.0.0.1'],
    ['2606:4700::1111', 'fd00::1'],
  ]) {
    await assert.rejects(request(url, { dispatcher: strict }), GuardError, answers.join());
  }
  answers = ['127.0.0.1', '169.254.169.254'];
  await assert.rejects(request(url, { dispatcher: lenient }), GuardError);
  asked = 0;
  answers = ['127.0.0.1'];
  assert.equal(await (await request(url, { dispatcher: lenient })).body.text(), 'in');
  assert.equal(asked, 1, 'a second resolution could answer otherwise');
});
