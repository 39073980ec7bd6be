/** The account's window and pause (design §5 "Window"): what a 429 does to both, and how files come back. */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext as T } from 'node:test';
import { limitWaitMs } from '../../../src/shared/account/limit-wait.ts';
import { leadShare, spreadAfterPause, admittedAfterPause } from '../../../src/shared/account/spread-after-pause.ts';
import type { Context } from '../../../src/shared/context.ts';
import { parseRetryAfter } from '../../../src/shared/upstream/retry-after.ts';
import { openTestRedis, type TestRedis } from '../../redis-server.ts';
import { admin, balanceOf, openAccountWorld, untilTrue, type AccountWorld } from './account-world.ts';

let redis: TestRedis;
before(async () => {
  redis = await openTestRedis();
});
after(() => redis.close());

async function open(t: T, processes: number, environment: Record<string, string> = {}): Promise<AccountWorld> {
  const world = await openAccountWorld(redis, { processes, environment });
  t.after(world.close);
  return world;
}

async function openOne(t: T, environment: Record<string, string> = {}): Promise<Context> {
  const [ctx] = (await open(t, 1, environment)).contexts;
  assert.ok(ctx);
  return ctx;
}

const note = (ctx: Context, effect: object): Promise<unknown> =>
  ctx.scripts['note-account'](ctx.accountId, JSON.stringify({ max_window: 10, ...effect }), '0');
const windowOf = async (ctx: Context): Promise<number> => (await ctx.account.gate.refresh()).window ?? 0;
const close = (value: number, wanted: number): void =>
  assert.ok(Math.abs(value - wanted) < 0.001, `${value}, not ${wanted}`);

test('shrinks the window by 0.7 at most once in 200 ms, grows it by one a window of successes, within its bounds', async (t) => {
  const ctx = await openOne(t);
  await note(ctx, { limited_ms: 1 });
  for (let at = 0; at < 5; at += 1) await note(ctx, { limited_ms: 1 });
  close(await windowOf(ctx), 7);
  await note(ctx, { ok: 1 });
  close(await windowOf(ctx), 7 + 1 / 7);
  for (let at = 0; at < 60; at += 1) await note(ctx, { ok: 1 });
  close(await windowOf(ctx), 10);
  for (let cuts = 0; cuts < 9; cuts += 1) {
    const cutAt = await ctx.redis.hget(ctx.keys.account(ctx.accountId), 'cut_at');
    await untilTrue('200 ms have passed', () => ctx.account.gate.redisNow() - Number(cutAt) >= 205);
    await note(ctx, { limited_ms: 1 });
  }
  close(await windowOf(ctx), 1);
});

test('pauses every process within 250 ms, never for less than before', async (t) => {
  const world = await open(t, 2, { RATE_LIMIT_WAIT_MS: '100' });
  const [one, other] = world.contexts;
  assert.ok(one && other);
  await balanceOf(one);
  await note(one, { limited_ms: 60_000 });
  const from = performance.now();
  await untilTrue('the other process knows', () => other.account.gate.pausedMs() > 0, 250);
  t.diagnostic(`known after ${Math.round(performance.now() - from)} ms`);
  await assert.rejects(balanceOf(other), { code: 'account_paused' });
  await note(other, { limited_ms: 1000 });
  assert.ok((await one.account.gate.refresh()).until > one.account.gate.redisNow() + 50_000);
});

test('reads Retry-After in seconds and as a date, and pauses for 15 minutes at most', () => {
  const now = Date.parse('2026-11-02T12:00:00Z');
  const policy = { rateLimitWaitMs: 30_000 } as Context['policy'];
  const waitOf = (text: string): number => limitWaitMs(policy, { retryAfterMs: parseRetryAfter(text, undefined, now) });
  assert.deepEqual(
    ['45', '3', 'Mon, 02 Nov 2026 12:02:00 GMT', 'Mon, 02 Nov 2026 11:00:00 GMT', '86400', 'soon'].map(waitOf),
    [45_000, 30_000, 120_000, 30_000, 900_000, 30_000],
  );
});

test('lets one file go first after a pause, also when it is made longer, and the rest over a third of the wait', async (t) => {
  const ctx = await openOne(t, { RATE_LIMIT_WAIT_MS: '3000' });
  const until = ctx.account.gate.redisNow() + 3000;
  const spreads = await Promise.all(
    Array.from({ length: 30 }, (_, file) => spreadAfterPause(ctx, `fil_${file}`, until)),
  );
  const lead = spreads.indexOf(0);
  assert.equal(spreads.filter((spread) => spread === 0).length, 1);
  assert.ok(spreads.every((spread) => spread === 0 || (spread >= leadShare && spread <= 1)));
  assert.equal(await spreadAfterPause(ctx, `fil_${lead}`, until + 2000), 0);
  assert.notEqual(await spreadAfterPause(ctx, 'fil_of-another', until + 2000), 0);
  const notBefore = admittedAfterPause(ctx, until, until + 1);
  assert.ok(notBefore !== null && notBefore >= until + 200 && notBefore <= until + 1000, String(notBefore));
  assert.equal(admittedAfterPause(ctx, until, until + 1000), null);
});

test('asks for no token during a pause, nor calls with one that came meanwhile', async (t) => {
  const world = await open(t, 2, { RATE_LIMIT_WAIT_MS: '100' });
  const [one, other] = world.contexts;
  assert.ok(one && other);
  await admin(world.sandbox, 'faults', {
    name: 'slow',
    match: { endpoint: 'anonymous-token' },
    params: { delayMs: 400 },
  });
  const calling = assert.rejects(balanceOf(one), { code: 'account_paused' });
  await untilTrue(
    'the token is under way',
    async () => (await one.redis.exists(one.keys.tokenLock(one.accountId))) === 1,
  );
  await note(other, { limited_ms: 60_000 });
  await calling;
  await assert.rejects(balanceOf(other), { code: 'account_paused' });
  const calls = world.sandbox.ledger().calls.map(({ endpoint }) => endpoint);
  assert.deepEqual(calls, ['anonymous-token']);
});
