/** Looking after a closed account (design §5, §6): one probe for the fleet, at once and then at its own pace. */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext as T } from 'node:test';
import type { Context } from '../../../src/shared/context.ts';
import { startRounds } from '../../../src/workers/rounds.ts';
import { watchAccount } from '../../../src/workers/watch-account.ts';
import { openTestRedis, type TestRedis } from '../../redis-server.ts';
import { admin, balanceOf, openAccountWorld, untilTrue, type AccountWorld } from './account-world.ts';

let redis: TestRedis;
before(async () => {
  redis = await openTestRedis();
});
after(() => redis.close());

async function open(t: T, environment: Record<string, string>, processes = 2): Promise<AccountWorld> {
  const world = await openAccountWorld(redis, { processes, environment });
  t.after(world.close);
  return world;
}

const note = (ctx: Context, effect: object): Promise<unknown> =>
  ctx.scripts['note-account'](ctx.accountId, JSON.stringify({ max_window: 200, ...effect }), '0');

const probes = ({ sandbox }: AccountWorld): number[] =>
  sandbox
    .ledger()
    .calls.filter(({ endpoint }) => endpoint === 'credits')
    .map(({ at }) => at);

function start(t: T, ctx: Context, wake: () => void = () => undefined): void {
  const worker = {
    workerId: 'w',
    wake,
    running: () => 0,
    holds: () => false,
    lastStepAgoMs: () => null,
    revive: async () => undefined,
  };
  const rounds = startRounds(ctx, worker);
  t.after(rounds.stop);
}

test('probes an upstream that is down at once, from one process, then every CREDITS_RECHECK_MS', async (t) => {
  const world = await open(t, { CREDITS_RECHECK_MS: '600' });
  const [ctx] = world.contexts;
  assert.ok(ctx);
  await balanceOf(ctx);
  for (const each of world.contexts) start(t, each);
  await admin(world.sandbox, 'faults', { name: 'bad-gateway', times: null, match: { endpoint: 'credits' } });
  const before = probes(world).length;
  await note(ctx, { down: true });
  await untilTrue('five probes', () => probes(world).length >= before + 5, 10_000);
  const times = probes(world).slice(before);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  assert.ok(Math.min(...gaps) >= 500, `gaps of ${gaps.join(', ')} ms`);
});

test('wakes admission in the process that hears that the account is open again', async (t) => {
  const world = await open(t, {}, 1);
  const [ctx] = world.contexts;
  assert.ok(ctx);
  let woken = 0;
  start(t, ctx, () => (woken += 1));
  await note(ctx, { blocked: 'out_of_credits', help_url: '' });
  await untilTrue('the block is known', () => ctx.account.gate.view().blocked !== null);
  const before = woken;
  await ctx.scripts['note-account'](ctx.accountId, JSON.stringify({ max_window: 200 }), '1');
  await untilTrue('admission is woken', () => woken > before, 1000);
});

test('turns a dead token that works again without credits into a lack of credits', async (t) => {
  const world = await open(t, { CREDITS_RECHECK_MS: '50' }, 1);
  const [ctx] = world.contexts;
  assert.ok(ctx);
  await balanceOf(ctx);
  await note(ctx, { blocked: 'token_invalid', help_url: '' });
  await admin(world.sandbox, 'credits', { all: true, available: 0 });
  await watchAccount(ctx);
  const view = await ctx.account.gate.refresh();
  assert.equal(view.blocked, 'out_of_credits');
  assert.match(view.helpUrl ?? '', /bind=anon_/);
});
