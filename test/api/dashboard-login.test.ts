/** Logging in to the dashboard: what the cookie is, who it lets in, and what other sites cannot do with it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { aBatch, openTestApi, type TestApi } from './open-test-api.ts';

let redis: TestRedis;
let api: TestApi;

before(async () => {
  redis = await openTestRedis();
  api = await openTestApi(redis.socketPath, { API_KEYS: 'acme:see-acme:viewer,acme:do-acme,ops:all:admin' });
});
after(async () => {
  await api.close();
  await redis.close();
});

const page = { 'x-dashboard': '1' };

async function logIn(key: string, target = api): Promise<string> {
  const answer = await target.app.inject({ method: 'POST', url: '/dashboard/api/login', payload: { key } });
  assert.equal(answer.statusCode, 200, answer.body);
  const [cookie] = answer.cookies;
  return `${cookie?.name}=${cookie?.value}`;
}

test('logs in with a key, by a cookie that no script reads and no other site sends', async () => {
  const answer = await api.app.inject({
    method: 'POST',
    url: '/dashboard/api/login',
    headers: { 'x-forwarded-proto': 'https' },
    payload: { key: 'do-acme' },
  });
  assert.deepEqual(answer.json(), { ...answer.json<object>(), name: 'acme', role: 'operator', needsLogin: true });
  const [cookie] = answer.cookies;
  assert.equal(cookie?.httpOnly, true);
  assert.equal(cookie?.sameSite, 'Strict');
  assert.equal(cookie?.secure, true);
  assert.ok(!String(answer.headers['set-cookie']).includes('do-acme'));
});

test('keeps neither key nor cookie in Redis', async () => {
  const cookie = await logIn('do-acme');
  const names = await api.ctx.redis.keys(api.ctx.keys.login('*').replaceAll(/[{}]/g, '?'));
  assert.ok(names.length > 0);
  const values = await api.ctx.redis.mget(names);
  const stored = JSON.stringify([names, values]);
  assert.ok(!stored.includes('do-acme') && !stored.includes(cookie.split('=')[1] ?? '?'));
  for (const name of names) assert.ok((await api.ctx.redis.ttl(name)) > 0, 'a login ends by itself');
});

test('refuses a wrong key, and after many of them the right one as well', async () => {
  const other = await openTestApi(redis.socketPath, { API_KEYS: 'acme:do-acme' });
  try {
    const attempt = (key: string) =>
      other.app.inject({ method: 'POST', url: '/dashboard/api/login', payload: { key } });
    for (let at = 0; at < 10; at += 1) assert.equal((await attempt(`guess-${at}`)).statusCode, 401);
    const answer = await attempt('do-acme');
    assert.equal(answer.statusCode, 429);
    assert.equal(answer.json<{ code: string }>().code, 'too_many_logins');
  } finally {
    await other.close();
  }
});

test('lets a cookie read, and act only from the page itself', async () => {
  const cookie = await logIn('do-acme');
  const made = await api.app.inject({
    method: 'POST',
    url: '/batches',
    headers: { cookie, ...page },
    payload: aBatch(),
  });
  assert.equal(made.statusCode, 202);
  const { id } = made.json<{ id: string }>();
  assert.equal((await api.app.inject({ url: `/batches/${id}`, headers: { cookie } })).statusCode, 200);
  const forged = [
    { cookie },
    { cookie, ...page, 'sec-fetch-site': 'cross-site' },
    { cookie, ...page, 'sec-fetch-site': 'same-site' },
    { cookie, ...page, origin: 'https://evil.example' },
  ];
  for (const headers of forged) {
    const answer = await api.app.inject({ method: 'POST', url: `/batches/${id}/cancel`, headers });
    assert.equal(answer.statusCode, 403, JSON.stringify(headers));
    assert.equal(answer.json<{ code: string }>().code, 'cross_site_request');
  }
  const own = { cookie, ...page, 'sec-fetch-site': 'same-origin' };
  const canceled = await api.app.inject({ method: 'POST', url: `/batches/${id}/cancel`, headers: own });
  assert.equal(canceled.statusCode, 202);
});

test('refuses a viewer everything but reading, on the server', async () => {
  const cookie = await logIn('see-acme');
  const operator = await logIn('do-acme');
  const payload = aBatch();
  const made = await api.app.inject({
    method: 'POST',
    url: '/batches',
    headers: { cookie: operator, ...page },
    payload,
  });
  const { id } = made.json<{ id: string }>();
  for (const url of [`/batches/${id}/cancel`, `/batches/${id}/pause`, `/batches/${id}/retry`, '/webhooks/test']) {
    const answer = await api.app.inject({ method: 'POST', url, headers: { cookie, ...page }, payload: {} });
    assert.equal(answer.statusCode, 403, url);
  }
  const seen = await api.app.inject({ url: `/dashboard/api/batches/${id}`, headers: { cookie } });
  assert.equal(seen.statusCode, 200);
});

test('forgets who logged out', async () => {
  const cookie = await logIn('do-acme');
  const out = await api.app.inject({ method: 'POST', url: '/dashboard/api/logout', headers: { cookie } });
  assert.equal(out.statusCode, 204);
  const me = await api.app.inject({ url: '/dashboard/api/me', headers: { cookie } });
  assert.equal(me.json<{ name: string | null }>().name, null);
  assert.equal((await api.app.inject({ url: '/dashboard/api/overview', headers: { cookie } })).statusCode, 401);
});

test('keeps the queues of BullMQ for admins, and free of outside links', async () => {
  const url = '/dashboard/queues/bull';
  const refused = await api.app.inject({ url, headers: { cookie: await logIn('do-acme') } });
  assert.equal(refused.statusCode, 403);
  assert.equal((await api.app.inject({ url })).statusCode, 401);
  const shown = await api.app.inject({ url, headers: { cookie: await logIn('all') } });
  assert.equal(shown.statusCode, 200);
  assert.match(shown.body, /<div id="root">/);
  assert.doesNotMatch(shown.body, /https?:\/\/fonts/);
  const queues = await api.app.inject({ url: `${url}/api/queues`, headers: { cookie: await logIn('all') } });
  assert.equal(queues.statusCode, 200);
  assert.ok(queues.json<{ queues: { readOnlyMode: boolean }[] }>().queues.every(({ readOnlyMode }) => readOnlyMode));
});

test('asks for no login where there are no keys, and still refuses other sites', async () => {
  const open = await openTestApi(redis.socketPath);
  try {
    const me = (await open.app.inject({ url: '/dashboard/api/me' })).json<object>();
    assert.deepEqual(me, { ...me, name: 'local', role: 'admin', needsLogin: false });
    const made = await open.app.inject({ method: 'POST', url: '/batches', payload: aBatch() });
    const url = `/batches/${made.json<{ id: string }>().id}/cancel`;
    const forged = await open.app.inject({ method: 'POST', url, headers: { 'sec-fetch-site': 'cross-site' } });
    assert.equal(forged.statusCode, 403);
    assert.equal((await open.app.inject({ method: 'POST', url })).statusCode, 202);
  } finally {
    await open.close();
  }
});
