import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Context } from '../../../src/shared/context.ts';
import { dueDeliveries } from '../../../src/shared/webhook/due-deliveries.ts';
import { listDeliveries, type DeliveryQuery } from '../../../src/shared/webhook/list-deliveries.ts';
import { readDelivery } from '../../../src/shared/webhook/read-delivery.ts';
import { sendTest } from '../../../src/shared/webhook/send-test.ts';
import { runNotify } from '../../../src/workers/notify.ts';
import { openTestRedis, type TestRedis } from '../../redis-server.ts';
import { failing, openWebhookContext, secret, takeIn, tell } from './open-webhook-context.ts';
import { respond, startReceiver, verify } from './receiver.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());

async function open(t: TestContext, environment: Record<string, string> = {}): Promise<Context> {
  const { ctx, close } = await openWebhookContext(server.socketPath, environment);
  t.after(close);
  return ctx;
}

const url = 'https://receiver.example/hook';

/** Deliveries of so many batches, oldest first. */
async function make(ctx: Context, count: number, tenant: string): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const batch = await takeIn(ctx, { url, tenant });
    await tell(ctx, batch, 0, ...failing);
    ids.push(`msg_${batch.slice(4)}_batch_failed_1`);
  }
  return ids;
}

async function idsOf(ctx: Context, query: Partial<DeliveryQuery>): Promise<[string[], string | null]> {
  const page = await listDeliveries(ctx, { tenant: null, limit: 100, cursor: null, ...query });
  assert.ok(page.kind === 'page');
  return [page.data.map(({ id }) => id), page.nextCursor];
}

test('lists newest first, page by page, while new ones come in', async (t) => {
  const ctx = await open(t);
  const made = (await make(ctx, 5, 'acme')).toReversed();
  const [first, cursor] = await idsOf(ctx, { limit: 2 });
  await make(ctx, 1, 'acme');
  const [second, next] = await idsOf(ctx, { limit: 2, cursor });
  const [third, end] = await idsOf(ctx, { limit: 2, cursor: next });
  assert.deepEqual([...first, ...second, ...third], made);
  assert.equal(end, null);
  const unknown = await listDeliveries(ctx, { tenant: null, limit: 2, cursor: 'msg_unknown' });
  assert.equal(unknown.kind, 'unknown_cursor');
});

test('shows a tenant its own deliveries, an admin all', async (t) => {
  const ctx = await open(t);
  const [own = ''] = await make(ctx, 1, 'acme');
  const [other = ''] = await make(ctx, 1, 'zeta');
  assert.deepEqual(await idsOf(ctx, { tenant: 'acme' }), [[own], null]);
  assert.deepEqual(await idsOf(ctx, {}), [[other, own], null]);
  const batchId = `bat_${other.split('_')[1]}`;
  assert.deepEqual(await idsOf(ctx, { batchId }), [[other], null]);
  assert.deepEqual(await idsOf(ctx, { batchId, tenant: 'acme' }), [[], null]);
  assert.equal(await readDelivery(ctx, other, 'acme'), null);
  assert.equal((await readDelivery(ctx, other, 'zeta'))?.url, url);
  assert.equal(await readDelivery(ctx, 'msg_none', null), null);
});

test('filters by status and shows the attempts', async (t) => {
  const ctx = await open(t, { WEBHOOK_ALLOW_PRIVATE: 'false', WEBHOOK_RETRY_MS: '0' });
  const receiver = await startReceiver(respond(200));
  t.after(receiver.close);
  const [pending] = await make(ctx, 1, 'acme');
  const batch = await takeIn(ctx, { url: receiver.url });
  await tell(ctx, batch, 0, ...failing);
  const id = `msg_${batch.slice(4)}_batch_failed_1`;
  await runNotify(ctx, { delivery_id: id, run: 0 }, new AbortController().signal);
  assert.deepEqual((await idsOf(ctx, { status: 'pending' }))[0], [pending]);
  assert.deepEqual((await idsOf(ctx, { status: 'failed' }))[0], [id]);
  const { attempts, created_at, next_attempt_at, endpoint, ...shown } =
    (await readDelivery(ctx, id, 'acme')) ?? assert.fail();
  assert.deepEqual(shown, {
    id,
    batch_id: batch,
    type: 'batch.failed',
    url: receiver.url,
    status: 'failed',
    error: null,
  });
  assert.equal(next_attempt_at, null);
  assert.deepEqual([endpoint.failures, endpoint.marked_at, endpoint.last_success_at], [1, null, null]);
  assert.ok(Date.parse(created_at) > 0);
  assert.equal(attempts[0]?.error, 'private_host');
});

test('asks for what has been due for a while, and for nothing younger', async (t) => {
  const ctx = await open(t);
  const [id = ''] = await make(ctx, 1, 'acme');
  assert.deepEqual(await dueDeliveries(ctx, 60_000), []);
  assert.deepEqual(await dueDeliveries(ctx, 0), [{ id, run: 0 }]);
});

test('drops its deliveries from every list with the batch', async (t) => {
  const ctx = await open(t);
  const [id = ''] = await make(ctx, 1, 'acme');
  await ctx.scripts['drop-batch'](`bat_${id.split('_')[1]}`, 0, 1, '1');
  assert.deepEqual(await idsOf(ctx, {}), [[], null]);
  assert.deepEqual(await dueDeliveries(ctx, 0), []);
  assert.deepEqual(await ctx.redis.keys(`${ctx.keys.tag}:d:*`), []);
});

test('sends a signed test event and tells what came of it', async (t) => {
  const ctx = await open(t);
  const receiver = await startReceiver(respond(202, {}, 'thanks'), respond(401));
  t.after(receiver.close);
  const sent = await sendTest(ctx, { url: receiver.url, secret });
  assert.deepEqual([sent?.status, sent?.error, sent?.response], [202, null, 'thanks']);
  const [got] = receiver.received;
  assert.ok(got);
  assert.equal((verify(got, secret) as { type: string }).type, 'webhook.test');
  assert.equal(got.headers['webhook-id'], sent?.id);
  assert.equal((await sendTest(ctx, { url: receiver.url, secret }))?.error, 'http_error');
  assert.equal((await sendTest(ctx, { url: receiver.url, secret: 'no secret' }))?.error, 'invalid_secret');
  assert.equal((await sendTest(ctx, { url: 'ftp://receiver.example', secret }))?.error, 'invalid_url');
});
