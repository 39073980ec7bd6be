/** The account's token (design §6): renewed once for the fleet, never in a loop, and what follows where none is had. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test, type TestContext as T } from 'node:test';
import { openTestContext } from '../../open-test-context.ts';
import { newPrefix, openTestRedis, type TestRedis } from '../../redis-server.ts';
import { admin, balanceOf, openAccountWorld, outcomes, untilTrue, type AccountWorld } from './account-world.ts';

let redis: TestRedis;
before(async () => {
  redis = await openTestRedis();
});
after(() => redis.close());

async function open(t: T, options: Parameters<typeof openAccountWorld>[1] = {}): Promise<AccountWorld> {
  const world = await openAccountWorld(redis, options);
  t.after(world.close);
  return world;
}

const first = ({ contexts }: AccountWorld) => {
  const [ctx] = contexts;
  assert.ok(ctx);
  return ctx;
};

/** 25 calls from each process at once. */
const callAll = (world: AccountWorld): Promise<string[]> =>
  outcomes(world.contexts.flatMap((ctx) => Array.from({ length: 25 }, () => balanceOf(ctx))));

test('fetches one token, and one more when it dies under 50 calls of two processes, for the same client', async (t) => {
  const world = await open(t, { processes: 2 });
  assert.deepEqual(new Set(await callAll(world)), new Set(['ok']));
  assert.equal(world.asked(), 1);
  await admin(world.sandbox, 'tokens/expire', {});
  assert.deepEqual(new Set(await callAll(world)), new Set(['ok']));
  assert.equal(world.asked(), 2);
  const clients = world.sandbox.ledger().tokens.map(({ clientId }) => clientId);
  assert.equal(new Set(clients).size, 1);
});

test('renews at a known expiry, once and not before', async (t) => {
  const world = await open(t, { processes: 2 });
  const ctx = first(world);
  await balanceOf(ctx);
  const key = ctx.keys.token(ctx.accountId);
  await ctx.redis.hset(key, 'expires_at', ctx.account.gate.redisNow() + 400);
  await callAll(world);
  assert.equal(world.asked(), 1, 'before');
  const expiresAt = Number(await ctx.redis.hget(key, 'expires_at'));
  await untilTrue('the token has expired', () => ctx.account.gate.redisNow() > expiresAt);
  await callAll(world);
  assert.equal(world.asked(), 2, 'after');
  const refused = world.sandbox.ledger().calls.filter(({ status }) => status === 401);
  assert.deepEqual(refused, []);
});

test('does not renew at each call where the upstream says that a fresh token has expired already', async (t) => {
  const answer = { code: 0, data: { token: 'nmv_usr_old_at_birth', expires_at: '2020-01-01T00:00:00Z', available: 5 } };
  const { ctx, asked } = await openStub(t, () => answer);
  for (let at = 0; at < 3; at += 1) await balanceOf(ctx);
  assert.equal(asked(), 1);
});

test('asks once when the weekly quota is used up, however many calls want a token', async (t) => {
  const world = await open(t, { processes: 2, sandbox: { weeklyQuota: true } });
  await callAll(world);
  await admin(world.sandbox, 'tokens/expire', {});
  assert.deepEqual(new Set(await callAll(world)), new Set(['TokenDeadError']));
  assert.deepEqual(new Set(await callAll(world)), new Set(['TokenDeadError']));
  assert.equal(world.asked(), 2);
  const ctx = first(world);
  assert.equal((await ctx.account.gate.refresh()).until, 0, 'the quota pauses no account');
  await assert.rejects(balanceOf(ctx), { code: 'token_invalid', message: /NEMO_TOKEN/ });
});

test('asks again for a token that was refused after CREDITS_RECHECK_MS', async (t) => {
  const world = await open(t, { environment: { CREDITS_RECHECK_MS: '300' } });
  const ctx = first(world);
  await admin(world.sandbox, 'faults', { name: 'rate-limited', match: { endpoint: 'anonymous-token' } });
  await assert.rejects(balanceOf(ctx), { name: 'TokenDeadError' });
  await untilTrue('a token is had again', async () => (await outcomes([balanceOf(ctx)]))[0] === 'ok');
  const times = world.sandbox
    .ledger()
    .calls.filter(({ endpoint }) => endpoint === 'anonymous-token')
    .map(({ at }) => at);
  assert.equal(times.length, 2);
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 290, String(times));
});

test('renews a token that never worked no second time at once', async (t) => {
  const world = await open(t);
  const ctx = first(world);
  await admin(world.sandbox, 'faults', { name: 'token-invalid', times: null, match: { endpoint: 'credits' } });
  for (let at = 0; at < 4; at += 1) await outcomes([balanceOf(ctx)]);
  assert.ok(world.asked() <= 2, `${world.asked()} tokens`);
});

test('lets everybody who waited for a renewal hear of the outage that ended it', async (t) => {
  const world = await open(t, { processes: 2 });
  await callAll(world);
  await admin(world.sandbox, 'tokens/expire', {});
  await admin(world.sandbox, 'faults', {
    name: 'slow',
    match: { endpoint: 'anonymous-token' },
    params: { delayMs: 300 },
  });
  await admin(world.sandbox, 'faults', {
    name: 'bad-gateway',
    times: null,
    match: { endpoint: 'anonymous-token' },
  });
  assert.deepEqual(new Set(await callAll(world)), new Set(['UpstreamError']));
  assert.ok(world.asked() <= 4, `${world.asked()} calls`);
});

test('replaces a client id of its own that is refused, once, and never one of the operator', async (t) => {
  const refuse = () => ({ status: 400, detail: 'X-Client-Id is not valid' });
  const own = await openStub(t, refuse);
  await assert.rejects(balanceOf(own.ctx), { name: 'TokenDeadError' });
  await assert.rejects(balanceOf(own.ctx), { name: 'TokenDeadError' });
  assert.equal(own.asked(), 2);
  assert.equal(new Set(own.clients()).size, 2);
  const theirs = await openStub(t, refuse, { NEMO_CLIENT_ID: 'not-a-uuid' });
  await assert.rejects(balanceOf(theirs.ctx), { name: 'TokenDeadError' });
  assert.deepEqual(theirs.clients(), ['not-a-uuid']);
});

test('goes on anonymously without a live NEMO_TOKEN, and takes it again once it works', async (t) => {
  const world = await open(t, { environment: { NEMO_TOKEN: 'registered-token' } });
  const ctx = first(world);
  await balanceOf(ctx);
  assert.equal(ctx.account.kind(), 'anonymous');
  assert.equal(await ctx.account.restore(), false);
  await admin(world.sandbox, 'tokens', { token: 'registered-token', credits: 700 });
  assert.equal(await ctx.account.restore(), true);
  assert.equal((await balanceOf(ctx)).available, 700);
  assert.equal(ctx.account.kind(), 'configured');
});

test('never leaves NEMO_TOKEN with NEMO_TOKEN_FALLBACK=fail', async (t) => {
  const environment = { NEMO_TOKEN: 'registered-token', NEMO_TOKEN_FALLBACK: 'fail' };
  const world = await open(t, { environment });
  const ctx = first(world);
  // Left by a start with the other setting.
  await ctx.redis.hset(ctx.keys.token(ctx.accountId), {
    value: 'anonymous-token',
    version: 3,
    kind: 'anonymous',
    user_id: '',
    expires_at: '',
  });
  await assert.rejects(balanceOf(ctx), { name: 'TokenDeadError' });
  assert.equal(world.asked(), 0);
  await admin(world.sandbox, 'tokens', { token: 'registered-token', credits: 700 });
  assert.equal((await balanceOf(ctx)).available, 700);
});

/** An upstream that gives the same answer to everything. */
async function openStub(t: T, answer: () => object & { status?: number }, environment: Record<string, string> = {}) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/api/auth/anonymous-token') asked.push(request.headers['x-client-id']?.toString());
    const body = answer();
    response.writeHead(body.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const opened = await openTestContext(redis.socketPath, {
    NEMO_API_URL: `http://127.0.0.1:${port}`,
    REDIS_PREFIX: newPrefix(),
    ...environment,
  });
  t.after(async () => {
    await opened.close();
    server.closeAllConnections();
    server.close();
  });
  return { ctx: opened.ctx, asked: () => asked.length, clients: () => asked };
}
