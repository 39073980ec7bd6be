import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import { after, before, test, type TestContext } from 'node:test';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Context } from '../../src/shared/context.ts';
import type { NotifyJob } from '../../src/shared/queues.ts';
import { loadDelivery, type Delivery } from '../../src/shared/webhook/delivery.ts';
import { dueDeliveries } from '../../src/shared/webhook/due-deliveries.ts';
import { redeliver } from '../../src/shared/webhook/redeliver.ts';
import { runNotify, type NotifyEnd } from '../../src/workers/notify.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import {
  completing,
  failing,
  openWebhookContext,
  parking,
  secret,
  takeIn,
  tell,
  type BatchOptions,
} from '../shared/webhook/open-webhook-context.ts';
import { respond, startReceiver, until, verify, type Answer, type Receiver } from '../shared/webhook/receiver.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());

const never = new AbortController().signal;
const hang: Answer = () => undefined;

async function open(t: TestContext, environment: Record<string, string> = {}): Promise<Context> {
  const { ctx, close } = await openWebhookContext(server.socketPath, environment);
  t.after(close);
  return ctx;
}

async function receive(t: TestContext, ...answers: Answer[]): Promise<Receiver> {
  const receiver = await startReceiver(...answers);
  t.after(receiver.close);
  return receiver;
}

/** A batch of one file that has failed, and the id of the delivery that tells so. */
async function failedBatch(ctx: Context, options: BatchOptions): Promise<string> {
  const batch = await takeIn(ctx, options);
  await tell(ctx, batch, 0, ...failing);
  return `msg_${batch.slice(4)}_batch_failed_1`;
}

async function stored(ctx: Context, id: string): Promise<Delivery> {
  const delivery = await loadDelivery(ctx, id);
  assert.ok(delivery !== null);
  return delivery;
}

/** One run of the delivery, whatever its present run is. */
async function runOnce(ctx: Context, id: string): Promise<NotifyEnd> {
  return runNotify(ctx, { delivery_id: id, run: (await stored(ctx, id)).run }, never);
}

async function consume(t: TestContext, ctx: Context, concurrency: number): Promise<void> {
  const connection = new Redis(server.socketPath, { maxRetriesPerRequest: null });
  const stop = new AbortController();
  const worker = new Worker<NotifyJob>('notify', (job) => runNotify(ctx, job.data, stop.signal), {
    connection,
    prefix: ctx.keys.tag,
    concurrency,
    skipVersionCheck: true,
  });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  t.after(async () => {
    stop.abort();
    await worker.close();
    connection.disconnect();
  });
}

test('tells the end of a batch once, signed, with the facts of the event', async (t) => {
  const ctx = await open(t, { PUBLIC_URL: 'https://video.example' });
  const receiver = await receive(t, respond(204));
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'delivered');
  const [got] = receiver.received;
  assert.ok(got);
  const { type, timestamp, data } = verify(got, secret) as Record<string, Record<string, unknown>>;
  const delivery = await stored(ctx, id);
  assert.equal(type, 'batch.failed');
  assert.equal(timestamp, new Date(delivery.at).toISOString());
  assert.deepEqual(Object.keys(data ?? {}), ['batch_id', 'status', 'counts', 'metadata', 'results_url', 'sequence']);
  assert.equal(data?.['batch_id'], delivery.batch);
  assert.equal(data['status'], 'failed');
  assert.equal((data['counts'] as Record<string, number>)['failed'], 1);
  assert.deepEqual(data['metadata'], { order: 7 });
  assert.equal(data['results_url'], `https://video.example/batches/${delivery.batch}/results`);
  assert.equal(data['sequence'], 1);
  assert.equal(got.headers['webhook-id'], id);
  assert.equal(got.headers['content-type'], 'application/json');
  assert.match(got.headers['user-agent'] ?? '', /^batch-video\/\d/);
  assert.equal(delivery.status, 'delivered');
  assert.equal(delivery.attempts[0]?.status, 204);
  assert.deepEqual(await dueDeliveries(ctx, 0), []);
});

test('signs with both secrets while they rotate', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(200));
  const newer = `whsec_${Buffer.from('the one that replaces it').toString('base64')}`;
  await runOnce(ctx, await failedBatch(ctx, { url: receiver.url, secret: `${newer} ${secret}` }));
  const [got] = receiver.received;
  assert.ok(got);
  verify(got, secret);
  verify(got, newer);
  assert.throws(() => verify(got, `whsec_${Buffer.from('another').toString('base64')}`));
});

test('repeats after a 500 until a 200, with the same id and body and a fresh timestamp', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(500, {}, 'out of disk'), respond(200));
  await consume(t, ctx, 4);
  const id = await failedBatch(ctx, { url: receiver.url });
  await until(async () => (await stored(ctx, id)).status === 'delivered');
  const [first, second] = receiver.received;
  assert.ok(first && second);
  assert.equal(second.body, first.body);
  assert.equal(second.headers['webhook-id'], first.headers['webhook-id']);
  verify(second, secret);
  const { attempts } = await stored(ctx, id);
  assert.deepEqual(
    attempts.map(({ status, error, response }) => [status, error, response]),
    [
      [500, 'http_error', 'out of disk'],
      [200, null, ''],
    ],
  );
});

test('gives up after the last attempt of the schedule', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(503));
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.deepEqual(
    [await runOnce(ctx, id), await runOnce(ctx, id), await runOnce(ctx, id)],
    ['again', 'again', 'failed'],
  );
  assert.equal((await stored(ctx, id)).status, 'failed');
  assert.deepEqual(await dueDeliveries(ctx, 0), []);
});

test('waits as long as Retry-After asks for', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(429, { 'retry-after': '120' }));
  const id = await failedBatch(ctx, { url: receiver.url });
  const askedAt = Date.now();
  assert.equal(await runOnce(ctx, id), 'again');
  const { due } = await stored(ctx, id);
  assert.ok(due !== null && due - askedAt >= 119_000 && due - askedAt < 125_000);
  const job = await ctx.queues.notify.getJob(`${id}-1`);
  assert.equal(job?.delay, 120_000);
});

test('ends all deliveries of a batch at a 410, later events too, until a redelivery is asked for', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(410), respond(200));
  const batch = await takeIn(ctx, { url: receiver.url, files: 3, events: ['file.failed', 'batch.failed'] });
  await tell(ctx, batch, 0, ...failing);
  await tell(ctx, batch, 1, ...failing);
  const [first, second] = await ctx.redis.zrange(ctx.keys.batchDeliveries(batch), '0', '-1');
  assert.ok(first && second);
  assert.equal(await runOnce(ctx, first), 'gone');
  for (const id of [first, second]) {
    const { status, error } = await stored(ctx, id);
    assert.deepEqual([status, error], ['failed', 'gone']);
  }
  assert.equal(await runNotify(ctx, { delivery_id: second, run: 0 }, never), 'passed');
  await tell(ctx, batch, 2, ...failing);
  assert.equal(await ctx.redis.zcard(ctx.keys.batchDeliveries(batch)), 2);
  assert.deepEqual(await dueDeliveries(ctx, 0), []);
  assert.equal((await redeliver(ctx, second, 'acme'))?.status, 'pending');
  assert.equal(await runOnce(ctx, second), 'delivered');
  assert.equal(await ctx.redis.hexists(ctx.keys.batch(batch), 'gone'), 0);
});

test('counts a receiver that is too slow as failed, within the time-out', async (t) => {
  const ctx = await open(t, { WEBHOOK_TIMEOUT_MS: '100' });
  const receiver = await receive(t, hang);
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'again');
  const [attempt] = (await stored(ctx, id)).attempts;
  assert.equal(attempt?.error, 'timed_out');
  assert.ok(attempt.duration_ms < 1000);
});

test('takes the status of an answer whose body never ends', async (t) => {
  const ctx = await open(t, { WEBHOOK_TIMEOUT_MS: '100' });
  const receiver = await receive(t, (response) => response.writeHead(200).write('tak'));
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'delivered');
  assert.equal((await stored(ctx, id)).attempts[0]?.response, 'tak');
});

test('counts a refused connection as failed and names the reason', async (t) => {
  const ctx = await open(t);
  const receiver = await startReceiver();
  await receiver.close();
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'again');
  const [attempt] = (await stored(ctx, id)).attempts;
  assert.deepEqual([attempt?.error, attempt?.response], ['connection_failed', 'ECONNREFUSED']);
});

test('follows no redirect', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(307, { location: '/elsewhere' }));
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'again');
  assert.equal(receiver.received.length, 1);
  assert.equal((await stored(ctx, id)).attempts[0]?.error, 'redirected');
});

test('refuses a private address, by its text and by what a name resolves to', async (t) => {
  const ctx = await open(t, { WEBHOOK_ALLOW_PRIVATE: 'false' });
  const receiver = await receive(t, respond(200));
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'again');
  assert.equal((await stored(ctx, id)).attempts[0]?.error, 'private_host');
  const own = await lookup(hostname()).catch(() => null);
  if (own === null) return t.diagnostic('the name of this machine does not resolve: names are not tried');
  const named = await failedBatch(ctx, { url: `http://${hostname()}:${receiver.port}/hook` });
  await runOnce(ctx, named);
  assert.equal((await stored(ctx, named)).attempts[0]?.error, 'private_host');
  assert.equal(receiver.received.length, 0);
});

test('keeps the first KB of an answer of 10 MB and reads no further', async (t) => {
  const ctx = await open(t);
  let finished = false;
  const receiver = await receive(t, (response) => {
    response.on('finish', () => (finished = true));
    response.end(Buffer.alloc(10_000_000, 'x'));
  });
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'delivered');
  assert.equal((await stored(ctx, id)).attempts[0]?.response, 'x'.repeat(1024));
  assert.equal(finished, false);
});

test('ends silently when its run has passed', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(500));
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runOnce(ctx, id), 'again');
  assert.equal(await runNotify(ctx, { delivery_id: id, run: 0 }, never), 'passed');
  assert.equal(await runNotify(ctx, { delivery_id: 'msg_none', run: 0 }, never), 'passed');
  assert.equal(receiver.received.length, 1);
});

test('drops what came of an attempt when the run passed under it', async (t) => {
  const ctx = await open(t);
  const id = await failedBatch(ctx, {
    url: (await receive(t, (response) => void redeliver(ctx, id, null).then(() => response.writeHead(500).end()))).url,
  });
  assert.equal(await runOnce(ctx, id), 'passed');
  const { attempts, run, status } = await stored(ctx, id);
  assert.deepEqual([attempts.length, run, status], [0, 1, 'pending']);
});

test('saves nothing when its own signal ends it, so the same run can be started again', async (t) => {
  const ctx = await open(t);
  const stop = new AbortController();
  const receiver = await receive(t, () => stop.abort(), respond(200));
  const id = await failedBatch(ctx, { url: receiver.url });
  assert.equal(await runNotify(ctx, { delivery_id: id, run: 0 }, stop.signal), 'aborted');
  assert.deepEqual(await dueDeliveries(ctx, 0), [{ id, run: 0 }]);
  assert.equal(await runNotify(ctx, { delivery_id: id, run: 0 }, never), 'delivered');
  assert.equal(receiver.received[0]?.body, receiver.received[1]?.body);
});

test('repeats the same id and body after a kill between send and save', async (t) => {
  const ctx = await open(t, { PUBLIC_URL: 'https://second.example' });
  const receiver = await receive(t, hang, respond(200));
  const id = await failedBatch(ctx, { url: receiver.url });
  const prefix = ctx.keys.tag.slice(1, -1);
  const script = new URL('./run-notify-once.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, server.socketPath, prefix, id, '0'], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  await until(() => receiver.received.length === 1, 10_000);
  child.kill('SIGKILL');
  await exited;
  assert.deepEqual(await dueDeliveries(ctx, 0), [{ id, run: 0 }]);
  assert.equal(await runNotify(ctx, { delivery_id: id, run: 0 }, never), 'delivered');
  const [first, second] = receiver.received;
  assert.match(first?.body ?? '', /https:\/\/first\.example/);
  assert.equal(second?.body, first?.body);
  assert.equal(second?.headers['webhook-id'], first?.headers['webhook-id']);
});

test('redelivers under the same id with the same body, with a schedule from its start', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(500), respond(500), respond(500), respond(500), respond(200));
  const id = await failedBatch(ctx, { url: receiver.url });
  for (let n = 0; n < 3; n += 1) await runOnce(ctx, id);
  assert.equal(await redeliver(ctx, id, 'somebody else'), null);
  assert.equal((await redeliver(ctx, id, 'acme'))?.status, 'pending');
  assert.ok(await ctx.queues.notify.getJob(`${id}-4`));
  assert.deepEqual([await runOnce(ctx, id), await runOnce(ctx, id)], ['again', 'delivered']);
  const bodies = new Set(receiver.received.map(({ headers, body }) => `${headers['webhook-id']} ${body}`));
  assert.equal(bodies.size, 1);
  assert.equal((await stored(ctx, id)).attempts.length, 5);
});

test('a receiver that never answers holds up nobody else', async (t) => {
  const ctx = await open(t, { WEBHOOK_TIMEOUT_MS: '5000' });
  const slow = await receive(t, hang);
  const healthy = await receive(t, respond(200));
  const batch = await takeIn(ctx, { url: slow.url, files: 50, events: ['file.failed'] });
  for (let index = 0; index < 50; index += 1) await tell(ctx, batch, index, ...failing);
  await consume(t, ctx, 8);
  await until(() => slow.received.length === 4);
  const id = await failedBatch(ctx, { url: healthy.url });
  await until(async () => (await stored(ctx, id)).status === 'delivered');
  assert.equal(slow.received.length, 4);
  const waiting = await Promise.all(
    (await ctx.redis.zrange(ctx.keys.batchDeliveries(batch), '0', '-1')).map((id) => stored(ctx, id)),
  );
  assert.ok(
    waiting.every(({ attempts, tries, status }) => attempts.length === 0 && tries === 0 && status === 'pending'),
  );
});

test('delivers all of a burst to a healthy receiver, four at a time', async (t) => {
  const ctx = await open(t);
  let [open_, most] = [0, 0];
  const receiver = await receive(t, (response) => {
    most = Math.max(most, (open_ += 1));
    setTimeout(() => response.writeHead(200).end(() => (open_ -= 1)), 5);
  });
  const batch = await takeIn(ctx, { url: receiver.url, files: 60, events: ['file.failed'] });
  await consume(t, ctx, 20);
  for (let index = 0; index < 60; index += 1) await tell(ctx, batch, index, ...failing);
  await until(async () => (await ctx.redis.zcard(ctx.keys.deliveriesDue())) === 0);
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 60);
  assert.equal(receiver.received.length, 60);
  assert.ok(most <= 4);
});

test('tells files and episodes when they are asked for, each under its own id and in sequence', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(200));
  const batch = await takeIn(ctx, {
    url: receiver.url,
    files: 3,
    events: ['batch.completed', 'batch.blocked', 'file.completed', 'file.failed'],
  });
  await tell(ctx, batch, 0, ...parking);
  await tell(ctx, batch, 1, ...parking);
  await tell(ctx, batch, 0, { type: 'unparked' });
  await tell(ctx, batch, 1, { type: 'unparked' });
  await tell(
    ctx,
    batch,
    1,
    { type: 'admitted', session: null, lane: null },
    { type: 'parked', reason: 'out_of_credits' },
  );
  await tell(ctx, batch, 1, { type: 'unparked' }, ...failing);
  await tell(ctx, batch, 0, ...completing);
  await tell(ctx, batch, 2, { type: 'canceled' });
  const part = batch.slice(4);
  const ids = [
    `msg_${part}_batch_blocked_1_1`,
    `msg_${part}_batch_blocked_1_2`,
    `msg_${part}_file_failed_1_1`,
    `msg_${part}_file_completed_1_0`,
    `msg_${part}_batch_completed_1`,
  ];
  const made = await ctx.redis.zrange(ctx.keys.batchDeliveries(batch), '0', '-1');
  assert.deepEqual(made.toSorted(), ids.toSorted());
  for (const id of ids) assert.equal(await runOnce(ctx, id), 'delivered');
  const told = receiver.received.map(({ body }) => JSON.parse(body).data);
  assert.deepEqual(
    told.map(({ sequence, status }) => [sequence, status]),
    [
      [1, 'blocked'],
      [2, 'blocked'],
      [3, 'failed'],
      [4, 'completed'],
      [5, 'completed'],
    ],
  );
  assert.deepEqual([told[2].file_id, told[3].file_id, told[4].file_id], [`fil_${part}_1`, `fil_${part}_0`, undefined]);
  assert.deepEqual([told[0].counts.parked, told[4].counts.canceled], [1, 1]);
});

test('a retried batch tells its second end under a second id', async (t) => {
  const ctx = await open(t);
  const receiver = await receive(t, respond(200));
  const first = await failedBatch(ctx, { url: receiver.url });
  const { batch } = await stored(ctx, first);
  await ctx.scripts.mark(batch, 'retry', '');
  await tell(ctx, batch, 0, { type: 'retried' });
  await ctx.scripts.unmark(batch, 'retry', '1');
  await tell(ctx, batch, 0, ...failing);
  const second = `msg_${batch.slice(4)}_batch_failed_2`;
  assert.equal((await stored(ctx, second)).facts.sequence, 2);
});
