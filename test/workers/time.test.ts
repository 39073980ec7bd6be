/** Time, as the service takes it: what outlives its retention, what comes early or late, records of a newer release. */
import assert from 'node:assert/strict';
import { after as afterAll, before, test, type TestContext as T } from 'node:test';
import { markBatch, workOffMarks } from '../../src/shared/bulk.ts';
import type { Context } from '../../src/shared/context.ts';
import { recordVersion } from '../../src/shared/domain/file.ts';
import { longestWaitMs } from '../../src/shared/domain/policy.ts';
import { fileId } from '../../src/shared/ids.ts';
import { loadFile } from '../../src/shared/load-file.ts';
import { readBatch, statusOf } from '../../src/shared/read-batch.ts';
import { redisClock } from '../../src/shared/redis/redis-clock.ts';
import { NewerRecordError, toStoredProgress } from '../../src/shared/stored-file.ts';
import { toTime } from '../../src/shared/to-batch-resource.ts';
import { loadDelivery } from '../../src/shared/webhook/delivery.ts';
import { unpark } from '../../src/workers/watch-account.ts';
import { openWorkers } from '../../src/workers/main.ts';
import { sweepDueFiles } from '../../src/workers/sweep.ts';
import { sweepExpired, sweepMarks } from '../../src/workers/sweep-batches.ts';
import { sweepDeliveries } from '../../src/workers/sweep-deliveries.ts';
import { openTestApi } from '../api/open-test-api.ts';
import { until } from '../end-to-end/world.ts';
import { openTestContext } from '../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { audit } from './audit.ts';
import { after, bring, load, newBatch, tell, wholeWay } from './batches.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
afterAll(() => server.close());

async function open(t: T, environment: Record<string, string> = {}) {
  const { ctx, close } = await openTestContext(server.socketPath, environment);
  t.after(close);
  return ctx;
}

/** As if so much time had gone by: moves the batch's deadline instead. */
const outlive = (ctx: Context, batch: string) => ctx.redis.zadd(ctx.keys.openRounds(), 1, batch);

test('expires what is not finished when a round outlives its retention', async (t) => {
  const ctx = await open(t);
  const files = wholeWay.length + 1;
  const batch = await newBatch(ctx, { files, events: ['batch.completed', 'file.failed'] });
  const young = await newBatch(ctx, { files: 1 });
  await Promise.all(Array.from({ length: files }, (_, index) => bring(ctx, batch, index, index)));
  await tell(ctx, batch, 1, { type: 'parked', reason: 'out_of_credits' });
  assert.equal(await sweepExpired(ctx), 0, 'not before its time');
  await outlive(ctx, batch);
  await markBatch(ctx, batch, 'pause');
  assert.equal(await sweepExpired(ctx), 1);
  for (let index = 0; index < files - 1; index += 1) {
    const { state } = (await load(ctx, batch, index)).file;
    assert.ok(state.status === 'failed' && state.error.code === 'expired', `file ${index} is ${state.status}`);
  }
  const found = await readBatch(ctx, batch);
  assert.equal(found && statusOf(found), 'completed', 'the one that was finished counts');
  assert.equal(
    await ctx.redis.zcard(ctx.keys.batchDeliveries(batch)),
    files,
    'the batch and each failed file are told',
  );
  assert.equal(await sweepExpired(ctx), 0);
  await audit(ctx, [batch, young]);
  // A retry goes on where the file stood, in a round with a time of its own; an open turn is looked at, not sent.
  const sent = after('turn-sent');
  await markBatch(ctx, batch, 'retry', { indexes: [sent] });
  await workOffMarks(ctx, batch);
  await tell(ctx, batch, sent, { type: 'admitted', session: null, lane: null });
  assert.ok(await tell(ctx, batch, sent, { type: 'turn-found-open' }));
  assert.equal((await load(ctx, batch, sent)).file.state.status, 'checking');
  assert.ok(Number(await ctx.redis.zscore(ctx.keys.openRounds(), batch)) > (await redisClock(ctx.redis)));
});

test('gives the finished file back when a message outlives its retention, and each lane', async (t) => {
  const ctx = await open(t);
  const batch = await newBatch(ctx, { files: 2, lanes: 1 });
  // Claimed, and its dispatcher died: the lane is the file's, which nobody has admitted.
  await ctx.scripts.claim(ctx.accountId, 1, 10, 10, '{}');
  await outlive(ctx, batch);
  await sweepExpired(ctx);
  assert.deepEqual(await ctx.redis.lrange(ctx.keys.lanes(batch), 0, -1), ['0']);
  await audit(ctx, [batch]);
  const other = await newBatch(ctx, { files: 1 });
  await bring(ctx, other, 0, wholeWay.length);
  await tell(ctx, other, 0, { type: 'messaged', action: 'edit', text: 'louder', assets: [] });
  await outlive(ctx, other);
  await sweepExpired(ctx);
  const { file } = await load(ctx, other, 0);
  assert.equal(file.state.status, 'completed');
  assert.deepEqual(
    file.steps.at(-1)?.error?.code ?? file.steps.map(({ error }) => error?.code).findLast(Boolean),
    'expired',
  );
  await audit(ctx, [batch, other]);
});

async function writtenByNewer(ctx: Context, batch: string, index: number, change: object = {}): Promise<void> {
  const { file } = await load(ctx, batch, index);
  const p = JSON.stringify({ ...JSON.parse(toStoredProgress(file)), v: recordVersion + 1, ...change });
  await ctx.redis.hset(ctx.keys.file(file.id), 'p', p);
}

test('leaves a record of a newer release alone, and goes on with all others', async (t) => {
  const { app, ctx, close } = await openTestApi(server.socketPath);
  t.after(close);
  const batch = await newBatch(ctx, { files: 4 });
  for (const index of [0, 1, 2]) await bring(ctx, batch, index, after('turn-sent'));
  await ctx.redis.del(...(await ctx.redis.keys(`${ctx.keys.tag}:edit:*`)));
  await writtenByNewer(ctx, batch, 0, { reviewers: 3 });
  await writtenByNewer(ctx, batch, 3);
  const key = ctx.keys.file(fileId(batch, 0));
  const before = await ctx.redis.hgetall(key);
  await assert.rejects(
    loadFile(ctx, fileId(batch, 0), { run: Number(before['run']), execution: 'ours' }),
    NewerRecordError,
  );
  await ctx.scripts.claim(ctx.accountId, 1, 10, 10, '{}');
  assert.equal(await sweepDueFiles(ctx), 2, 'the two that are ours, though a newer one is due before them');
  assert.match(await ctx.telemetry.registry.metrics(), /batch_video_newer_records 2/);
  await markBatch(ctx, batch, 'cancel');
  await workOffMarks(ctx, batch);
  assert.deepEqual(await ctx.redis.hgetall(key), before, 'not a byte of it, no mark of ours');
  const page = await app.inject({ url: `/batches/${batch}/files` });
  const shown = page.json<{ data: { status: string; waiting_for: { detail: string } | null }[] }>().data;
  assert.deepEqual(
    shown.map(({ status }) => status),
    ['editing', 'canceled', 'canceled', 'queued'],
  );
  assert.match(shown[0]?.waiting_for?.detail ?? '', /newer release/);
  assert.equal(statusOf((await readBatch(ctx, batch)) ?? assert.fail()), 'canceling');
  // One that nobody here can read.
  await ctx.redis.hset(key, 'p', JSON.stringify({ v: recordVersion + 1, state: { status: 'reviewing' } }));
  const one = await app.inject({ url: `/batches/${batch}/files/${fileId(batch, 0)}` });
  assert.deepEqual([one.statusCode, one.json().code, one.headers['retry-after']], [503, 'newer_record', '10']);
  // The newer release is done with it, or is taken back: what was asked for is done.
  for (const [at, p] of [
    [0, before['p']],
    [3, await ctx.redis.hget(ctx.keys.file(fileId(batch, 3)), 'p')],
  ] as const) {
    await ctx.redis.hset(ctx.keys.file(fileId(batch, at)), 'p', (p ?? '').replace(/"v":\d+/, `"v":${recordVersion}`));
  }
  await sweepMarks(ctx);
  assert.equal(statusOf((await readBatch(ctx, batch)) ?? assert.fail()), 'canceled');
  await audit(ctx, [batch]);
});

test('lets other files go on from a park past one that only a newer release can read', async (t) => {
  const ctx = await open(t);
  const batch = await newBatch(ctx, { files: 3 });
  for (const index of [0, 1, 2]) {
    await bring(ctx, batch, index, 1);
    await tell(ctx, batch, index, { type: 'parked', reason: index === 2 ? 'max_credits' : 'out_of_credits' });
  }
  await ctx.redis.hset(ctx.keys.file(fileId(batch, 0)), 'p', JSON.stringify({ v: recordVersion + 1 }));
  await unpark(ctx, 1);
  assert.equal((await load(ctx, batch, 1)).file.state.status, 'uploading');
  await markBatch(ctx, batch, 'resume');
  await workOffMarks(ctx, batch);
  assert.equal((await load(ctx, batch, 2)).file.state.status, 'uploading');
  assert.equal(await ctx.redis.scard(ctx.keys.marks()), 0);
});

test('asks for no file that runs here under its lease, and for every other one that is due', async (t) => {
  const ctx = await open(t);
  const batch = await newBatch(ctx, { files: 2 });
  for (const index of [0, 1]) {
    await bring(ctx, batch, index, 1);
    const { file } = await load(ctx, batch, index);
    await ctx.queues.upload.remove(`${file.id}-${file.run}`);
  }
  const here = fileId(batch, 0);
  assert.equal(await sweepDueFiles(ctx, (id) => id === here), 1);
  assert.equal(await sweepDueFiles(ctx), 1, 'it would have been asked for');
});

test('promotes what is due by Redis and delayed by a clock that is an hour ahead', async (t) => {
  const ctx = await open(t, { SWEEP_MS: '50' });
  const batch = await newBatch(ctx, { files: 2, events: ['file.failed'] });
  await bring(ctx, batch, 0, 1);
  await bring(ctx, batch, 1, 1);
  await tell(ctx, batch, 1, { type: 'step-refused', code: 'forbidden', detail: '' });
  await ctx.redis.del(...(await ctx.redis.keys(`${ctx.keys.tag}:{upload,notify}:*`)), 'none');
  const { file } = await load(ctx, batch, 0);
  const hour = 3_600_000;
  const step = { file_id: file.id, run: file.run };
  await ctx.queues.upload.remove(`${file.id}-${file.run}`);
  await ctx.queues.upload.add('upload', step, { jobId: `${file.id}-${file.run}`, delay: hour });
  const [id = ''] = await ctx.redis.zrange(ctx.keys.deliveriesDue(), '0', '-1');
  await ctx.queues.notify.remove(`${id}-0`);
  await ctx.queues.notify.add('notify', { delivery_id: id, run: 0 }, { jobId: `${id}-0`, delay: hour });
  assert.equal(await sweepDueFiles(ctx), 1);
  assert.equal(await ctx.queues.upload.getDelayedCount(), 0);
  await until('it is due for a sweep', async () => {
    await sweepDeliveries(ctx);
    return (await ctx.queues.notify.getDelayedCount()) === 0 ? true : null;
  });
});

test('runs nothing before it is due by Redis, whoever brings it, and then at once', async (t) => {
  const ctx = await open(t, { SWEEP_MS: '60000', RATE_LIMIT_WAIT_MS: '50' });
  const batch = await newBatch(ctx, { files: 3, events: ['file.failed'] });
  for (const index of [0, 1, 2]) await bring(ctx, batch, index, 1);
  await tell(ctx, batch, 1, { type: 'step-refused', code: 'forbidden', detail: '' });
  const now = await redisClock(ctx.redis);
  const put = async (index: number, due: number): Promise<void> => {
    const { file } = await load(ctx, batch, index);
    const state = { ...file.state, due };
    await ctx.redis.hset(ctx.keys.file(file.id), 'p', toStoredProgress({ ...file, state }));
    await ctx.redis.zadd(ctx.keys.moving(), due, file.id);
  };
  // Due in a moment; and one whose due time was written before Redis' clock was set back by a day.
  const dueAt = now + 700;
  await put(0, dueAt);
  await put(2, now + longestWaitMs(ctx.policy) + 86_400_000);
  const [delivery = ''] = await ctx.redis.zrange(ctx.keys.deliveriesDue(), '0', '-1');
  await ctx.redis.hset(ctx.keys.delivery(delivery), 'due', now + 36_000_000);
  const { file } = await load(ctx, batch, 0);
  const workers = await openWorkers(ctx);
  t.after(workers.close);
  await until('the early ones are put back', async () => {
    const jobs = [ctx.queues.upload.getJob(`${file.id}-${file.run}`), ctx.queues.notify.getJob(`${delivery}-0`)];
    return (await Promise.all<unknown>(jobs)).every((job) => job === undefined) ? true : null;
  });
  assert.equal((await load(ctx, batch, 0)).file.run, file.run, 'nothing was called for it');
  assert.equal(await ctx.redis.hexists(ctx.keys.file(file.id), 'w'), 0, 'and it will be no crash');
  assert.deepEqual((await loadDelivery(ctx, delivery))?.attempts, []);
  const hasRun = async (index: number) => ((await load(ctx, batch, index)).file.run > file.run ? true : null);
  await until('it is run', () => hasRun(0));
  assert.ok((await redisClock(ctx.redis)) >= dueAt - 250);
  await until('what no clock can mean is run', () => hasRun(2));
});

test('writes times in UTC through leap days and changes to summer time', async (t) => {
  const zone = process.env['TZ'];
  t.after(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  const day = 86_400_000;
  for (const name of ['UTC', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
    process.env['TZ'] = name;
    assert.equal(toTime(Date.UTC(2028, 1, 28, 23, 59, 59, 999) + 1), '2028-02-29T00:00:00.000Z', name);
    assert.equal(toTime(Date.UTC(2028, 1, 29) + day), '2028-03-01T00:00:00.000Z', name);
    assert.equal(toTime(Date.UTC(2027, 1, 28) + day), '2027-03-01T00:00:00.000Z', name);
    // A day of retention is 24 hours, on the 23 and 25 hour days too.
    assert.equal(toTime(Date.UTC(2027, 2, 14, 6, 59) + day), '2027-03-15T06:59:00.000Z', name);
    assert.equal(toTime(Date.UTC(2026, 9, 25, 0, 30) + 7 * day), '2026-11-01T00:30:00.000Z', name);
  }
});
