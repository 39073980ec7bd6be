/** An endpoint over all its deliveries: its own few requests in the whole fleet, and the mark of one that fails for days. */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Context } from '../../../src/shared/context.ts';
import { loadDelivery } from '../../../src/shared/webhook/delivery.ts';
import { endpointId, readEndpoint, standingOf } from '../../../src/shared/webhook/endpoint.ts';
import { readDelivery } from '../../../src/shared/webhook/read-delivery.ts';
import { runNotify } from '../../../src/workers/notify.ts';
import { newPrefix, openTestRedis, type TestRedis } from '../../redis-server.ts';
import { failing, openWebhookContext, takeIn, tell } from './open-webhook-context.ts';
import { respond, startReceiver, until, type Answer, type Receiver } from './receiver.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());

const never = new AbortController().signal;
const dayMs = 86_400_000;

async function open(t: TestContext, prefix = newPrefix(), environment: Record<string, string> = {}): Promise<Context> {
  const { ctx, close } = await openWebhookContext(server.socketPath, environment, prefix);
  t.after(close);
  return ctx;
}

async function receive(t: TestContext, ...answers: Answer[]): Promise<Receiver> {
  const receiver = await startReceiver(...answers);
  t.after(receiver.close);
  return receiver;
}

async function failedBatch(ctx: Context, url: string, tenant = 'acme'): Promise<string> {
  const batch = await takeIn(ctx, { url, tenant });
  await tell(ctx, batch, 0, ...failing);
  return `msg_${batch.slice(4)}_batch_failed_1`;
}

async function run(ctx: Context, id: string) {
  const delivery = await loadDelivery(ctx, id);
  return runNotify(ctx, { delivery_id: id, run: delivery?.run ?? -1 }, never);
}

test('an endpoint has four requests open at most, over all processes', async (t) => {
  const prefix = newPrefix();
  const [one, two] = [await open(t, prefix), await open(t, prefix)];
  let held: (() => void)[] = [];
  const receiver = await receive(t, (response) => held.push(() => response.writeHead(204).end()));
  const ids = await Promise.all([0, 1, 2, 3, 4, 5].map(() => failedBatch(one, receiver.url)));
  const [last = '', ...first] = ids;
  const running = first.slice(0, 4).map((id, at) => run(at % 2 === 0 ? one : two, id));
  await until(() => receiver.received.length === 4);
  assert.equal(await run(one, last), 'deferred');
  assert.equal(await run(two, last), 'deferred');
  const other = await failedBatch(one, receiver.url, 'zeta');
  const elsewhere = await failedBatch(one, `${receiver.url}/other`);
  const more = [run(one, other), run(two, elsewhere)];
  await until(() => receiver.received.length === 6);
  for (const answer of held) answer();
  held = [];
  assert.deepEqual(await Promise.all([...running, ...more]), Array(6).fill('delivered'));
  const freed = run(two, last);
  await until(() => held.length === 1);
  held[0]?.();
  assert.equal(await freed, 'delivered');
});

test('a place whose process died is free again after the time-out', async (t) => {
  const ctx = await open(t, newPrefix(), { WEBHOOK_TIMEOUT_MS: '1000' });
  const receiver = await receive(t, respond(204));
  const id = await failedBatch(ctx, receiver.url);
  const places = ctx.keys.endpointOpen(endpointId('acme', receiver.url));
  const [seconds] = await ctx.redis.time();
  const now = Number(seconds) * 1000;
  await ctx.redis.zadd(places, now, 'a', now, 'b', now, 'c', now, 'd');
  assert.equal(await run(ctx, id), 'deferred');
  await ctx.redis.zadd(places, now - 10_000, 'a');
  assert.equal(await run(ctx, id), 'delivered');
});

test('marks an endpoint that failed for three days, shows it, tries it singly, and revives it', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(500), respond(500), respond(200));
  const key = endpointId('acme', receiver.url);
  const id = await failedBatch(ctx, receiver.url);
  await run(ctx, id);
  const young = await readEndpoint(ctx, key);
  assert.deepEqual([young.failures, young.markedAt, standingOf(young)], [1, null, 'troubled']);
  await ctx.redis.hincrby(ctx.keys.endpoint(key), 'failing_since', -3 * dayMs);
  await run(ctx, id);
  const shown = (await readDelivery(ctx, id, 'acme'))?.endpoint;
  assert.equal(shown?.failures, 2);
  assert.ok(shown.marked_at !== null && shown.failing_since !== null && shown.last_success_at === null);
  await ctx.redis.zadd(ctx.keys.endpointOpen(key), Date.now(), 'another');
  assert.equal(await run(ctx, id), 'deferred');
  await ctx.redis.zrem(ctx.keys.endpointOpen(key), 'another');
  assert.equal(await run(ctx, id), 'delivered');
  const revived = (await readDelivery(ctx, id, 'acme'))?.endpoint;
  assert.deepEqual([revived?.failures, revived?.marked_at, revived?.failing_since], [0, null, null]);
  assert.equal(standingOf(await readEndpoint(ctx, key)), 'quick');
});
