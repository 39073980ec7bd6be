/** What happens at once, against the real scripts: afterwards everything that is kept beside the records agrees with them. */
import assert from 'node:assert/strict';
import { after as afterAll, before, test, type TestContext as T } from 'node:test';
import { markBatch, workOffMarks } from '../../src/shared/bulk.ts';
import type { Context } from '../../src/shared/context.ts';
import { dropBatch } from '../../src/shared/drop-batch.ts';
import { redisClock } from '../../src/shared/redis/redis-clock.ts';
import { readBatch, statusOf } from '../../src/shared/read-batch.ts';
import { advance } from '../../src/shared/advance.ts';
import { askAgain } from '../../src/workers/ask-again.ts';
import { dispatch } from '../../src/workers/dispatch.ts';
import { sweepDueFiles, sweepInFlight } from '../../src/workers/sweep.ts';
import { sweepDropped, sweepMarks } from '../../src/workers/sweep-batches.ts';
import { openTestApi, aBatch } from '../api/open-test-api.ts';
import { openTestContext } from '../open-test-context.ts';
import { newPrefix, openTestRedis, type TestRedis } from '../redis-server.ts';
import { agreeOnAdmission } from './admission-scenario.ts';
import { audit } from './audit.ts';
import { after, bring, goOn, load, newBatch, tell, wholeWay } from './batches.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
afterAll(() => server.close());

async function open(t: T, environment: Record<string, string> = {}): Promise<Context> {
  const { ctx, close } = await openTestContext(server.socketPath, environment);
  t.after(close);
  return ctx;
}

const times = <X>(count: number, make: (at: number) => Promise<X>): Promise<X[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)));

/** Something else happens right before a script of this caller runs, once. */
function interrupted(ctx: Context, script: 'unmark', meanwhile: () => Promise<unknown>): Context {
  let done = false;
  const run = async (...args: (string | number)[]): Promise<unknown> => {
    if (!done) {
      done = true;
      await meanwhile();
    }
    return ctx.scripts[script](...args);
  };
  return { ...ctx, scripts: { ...ctx.scripts, [script]: run } };
}

async function statusesOf(ctx: Context, batchId: string, files: number): Promise<string[]> {
  return times(files, async (index) => (await load(ctx, batchId, index)).file.state.status);
}

test('makes one batch of 20 parallel POSTs under one key', async (t) => {
  const { app, ctx, close } = await openTestApi(server.socketPath);
  t.after(close);
  const headers = { 'idempotency-key': 'one', 'content-type': 'application/json' };
  const post = () => app.inject({ method: 'POST', url: '/batches', headers, payload: JSON.stringify(aBatch()) });
  const answers = await times(20, post);
  const taken = answers.filter(({ statusCode }) => statusCode === 202);
  const refused = answers.filter(({ statusCode }) => statusCode !== 202);
  assert.ok(taken.length >= 1);
  assert.equal(new Set(taken.map(({ body }) => body)).size, 1, 'one answer');
  for (const { statusCode, body } of refused) {
    assert.equal(statusCode, 409);
    assert.equal((JSON.parse(body) as { code: string }).code, 'idempotency_key_in_flight');
  }
  assert.equal(await ctx.redis.zcard(ctx.keys.allBatches()), 1);
  assert.equal(await ctx.redis.zcard(ctx.keys.loading()), 0);
  assert.equal((await post()).body, taken[0]?.body, 'and the same one later');
});

test('cancels a file in each state while it goes on', async (t) => {
  const ctx = await open(t);
  const files = wholeWay.length + 1;
  const batch = await newBatch(ctx, { files, events: ['batch.canceled'] });
  await times(files, (index) => bring(ctx, batch, index, index));
  const marked = await markBatch(ctx, batch, 'cancel');
  assert.deepEqual(marked, { kind: 'ok', hasWork: true });
  await Promise.all([
    workOffMarks(ctx, batch),
    workOffMarks(ctx, batch),
    ...Array.from({ length: files }, (_, index) => goOn(ctx, batch, index, index)),
  ]);
  await sweepMarks(ctx);
  const statuses = await statusesOf(ctx, batch, files);
  assert.deepEqual(new Set(statuses), new Set(['canceled', 'completed']));
  const found = await readBatch(ctx, batch);
  assert.ok(found !== null);
  assert.equal(statusOf(found), 'canceled');
  assert.equal(await ctx.redis.zcard(ctx.keys.batchDeliveries(batch)), 1, 'told once');
  await audit(ctx, [batch]);
});

test('retries failed files beside running ones, whose runs go on', async (t) => {
  const ctx = await open(t);
  const batch = await newBatch(ctx, { files: 3 });
  await times(3, (index) => bring(ctx, batch, index, after('turn-sent')));
  await tell(ctx, batch, 0, { type: 'step-refused', code: 'forbidden', detail: '' });
  const { run } = (await load(ctx, batch, 1)).file;
  assert.deepEqual(await markBatch(ctx, batch, 'retry', { indexes: [0, 1] }), { kind: 'ok', hasWork: true });
  await Promise.all([workOffMarks(ctx, batch), workOffMarks(ctx, batch), goOn(ctx, batch, 2, after('turn-sent'))]);
  assert.equal((await load(ctx, batch, 1)).file.run, run, 'the running file is not touched');
  // Once more in the fence's own state: the turn is out, and nothing sends it again.
  assert.deepEqual(await statusesOf(ctx, batch, 3), ['editing', 'editing', 'completed']);
  const { state } = (await load(ctx, batch, 0)).file;
  assert.ok(state.status === 'editing' && state.place === 'waiting' && state.turn?.id === 't' && !state.lookFirst);
  await audit(ctx, [batch]);
});

test('loses no retry that comes while another is being worked off', async (t) => {
  const ctx = await open(t);
  const batch = await newBatch(ctx, { files: 3 });
  const fail = async (index: number): Promise<void> => {
    assert.ok(await tell(ctx, batch, index, { type: 'admitted', session: null, lane: null }));
    assert.ok(await tell(ctx, batch, index, { type: 'step-refused', code: 'forbidden', detail: '' }));
  };
  await fail(0);
  await markBatch(ctx, batch, 'retry', { indexes: [0] });
  const first = interrupted(ctx, 'unmark', async () => {
    await fail(1);
    await markBatch(ctx, batch, 'retry', { indexes: [1] });
  });
  await workOffMarks(first, batch);
  await workOffMarks(ctx, batch);
  assert.deepEqual(await statusesOf(ctx, batch, 3), ['uploading', 'uploading', 'queued']);
  // Nor one that nobody has begun: the names add up.
  await fail(0);
  await fail(1);
  await fail(2);
  await markBatch(ctx, batch, 'retry', { indexes: [0] });
  await markBatch(ctx, batch, 'retry', { indexes: [2] });
  await workOffMarks(ctx, batch);
  assert.deepEqual(await statusesOf(ctx, batch, 3), ['uploading', 'failed', 'uploading']);
  await audit(ctx, [batch]);
});

test('holds nothing for good when pause and resume follow each other', async (t) => {
  const ctx = await open(t, { MAX_IN_FLIGHT: '8' });
  const batch = await newBatch(ctx, { files: 8 });
  await dispatch(ctx);
  const hold = (index: number) =>
    load(ctx, batch, index).then(({ file }) =>
      advance(ctx, file.id, { type: 'held', run: file.run }, { guard: 'paused' }),
    );
  for (let round = 0; round < 6; round += 1) {
    await Promise.all([markBatch(ctx, batch, 'pause'), ...Array.from({ length: 8 }, (_, index) => hold(index))]);
    await Promise.all([
      markBatch(ctx, batch, 'resume').then(() => workOffMarks(ctx, batch)),
      hold(round % 8),
      dispatch(ctx),
    ]);
  }
  await sweepMarks(ctx);
  await audit(ctx, [batch]);
  assert.equal(await ctx.redis.scard(ctx.keys.held(batch)), 0);
  // A resume that comes in the very moment in which an earlier one has looked at everything.
  await markBatch(ctx, batch, 'resume');
  const first = interrupted(ctx, 'unmark', async () => {
    await dispatch(ctx);
    await markBatch(ctx, batch, 'pause');
    await hold(0);
    assert.equal(await ctx.redis.scard(ctx.keys.held(batch)), 1);
    await markBatch(ctx, batch, 'resume');
  });
  await workOffMarks(first, batch);
  await workOffMarks(ctx, batch);
  assert.equal(await ctx.redis.scard(ctx.keys.held(batch)), 0);
  await audit(ctx, [batch]);
});

test('goes on with what is paid for, whatever max_credits says', async (t) => {
  const ctx = await open(t);
  const batch = await newBatch(ctx, { files: 2, maxCredits: 50 });
  await dispatch(ctx);
  assert.equal((await load(ctx, batch, 1)).file.state.status, 'queued', 'one session is all that it pays for');
  await goOn(ctx, batch, 0, 1, after('turn-sent'));
  await tell(ctx, batch, 0, { type: 'parked', reason: 'out_of_credits' });
  await tell(ctx, batch, 0, { type: 'unparked' });
  await dispatch(ctx);
  const { state } = (await load(ctx, batch, 0)).file;
  assert.ok('place' in state && state.place === 'in', 'its session is paid: nothing holds it back');
  assert.equal((await load(ctx, batch, 1)).file.state.status, 'queued');
  await audit(ctx, [batch]);
});

test('takes one of two messages that come at once', async (t) => {
  const { app, ctx, close } = await openTestApi(server.socketPath);
  t.after(close);
  const batch = await newBatch(ctx, { files: 1 });
  await bring(ctx, batch, 0, wholeWay.length);
  const { id } = (await load(ctx, batch, 0)).file;
  const answers = await times(2, (at) =>
    app.inject({
      method: 'POST',
      url: `/batches/${batch}/files/${id}/messages`,
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({ text: at === 0 ? 'add a title "one"' : 'add a title "two"' }),
    }),
  );
  assert.deepEqual(answers.map(({ statusCode }) => String(statusCode)).toSorted(), ['202', '409']);
  const { file } = await load(ctx, batch, 0);
  assert.equal(file.instructions.length, 2);
  assert.equal((await readBatch(ctx, batch))?.progress.round, 2);
  await audit(ctx, [batch]);
});

test('admits and enqueues once with two dispatchers and two sweepers', async (t) => {
  const prefix = newPrefix();
  const environment = { REDIS_PREFIX: prefix, MAX_IN_FLIGHT: '30', UPLOAD_CONCURRENCY: '30' };
  const [one, two] = [await open(t, environment), await open(t, environment)];
  const batches = await times(2, (at) =>
    newBatch(one, { files: 25, tenant: `t${at}`, ...(at === 0 ? {} : { lanes: 3 }) }),
  );
  // A third one that died between its claim and the rest, and whose work the sweepers find.
  await two.scripts.claim(two.accountId, 5, 30, 30, '{}');
  await Promise.all([dispatch(one), dispatch(two), sweepDueFiles(one), sweepDueFiles(two)]);
  await Promise.all([sweepDueFiles(one), sweepInFlight(two), sweepDueFiles(two), sweepInFlight(one)]);
  await audit(one, batches);
  const moving = await one.redis.zrange(one.keys.moving(), '0', '-1');
  assert.equal(moving.length, 28, 'all of the one batch, three lanes of the other');
  const jobs = await one.queues.upload.getJobs(['waiting', 'delayed', 'prioritized']);
  assert.deepEqual(jobs.map((job) => job.data.file_id).toSorted(), moving.toSorted());
  for (const job of jobs) assert.equal(job.data.run, 1, 'admitted once');
});

test('does not admit a file that has gone back to waiting since it was seen as due', async (t) => {
  const ctx = await open(t);
  const batch = await newBatch(ctx, { files: 1 });
  await dispatch(ctx);
  const { file } = await load(ctx, batch, 0);
  await markBatch(ctx, batch, 'pause');
  await advance(ctx, file.id, { type: 'held', run: file.run }, { guard: 'paused' });
  await markBatch(ctx, batch, 'resume');
  await workOffMarks(ctx, batch);
  assert.equal(await askAgain(ctx, file.id), false);
  const { state } = (await load(ctx, batch, 0)).file;
  assert.ok('place' in state && state.place === 'waiting');
  await audit(ctx, [batch]);
});

test('drops a batch only if no retry has opened it again, and then wholly', async (t) => {
  const ctx = await open(t, { RETENTION_DAYS: '0.00000002' }); // 2 ms
  const failed = async (): Promise<string> => {
    const batch = await newBatch(ctx, { files: 2 });
    for (const index of [0, 1]) {
      await tell(ctx, batch, index, { type: 'admitted', session: null, lane: null });
      await tell(ctx, batch, index, { type: 'step-refused', code: 'forbidden', detail: '' });
    }
    return batch;
  };
  const retried = await failed();
  await markBatch(ctx, retried, 'retry');
  assert.equal(await dropBatch(ctx, retried, { whenDue: true }), false);
  const batch = await failed();
  const ends = Number(await ctx.redis.zscore(ctx.keys.retention(), batch));
  while ((await redisClock(ctx.redis)) < ends);
  const [dropped, marked] = await Promise.all([
    dropBatch(ctx, batch, { whenDue: true }),
    markBatch(ctx, batch, 'retry'),
  ]);
  assert.ok(dropped && marked.kind === 'missing');
  const loaded = await load(ctx, retried, 0);
  await ctx.scripts['drop-begin'](retried, '0');
  // Whoever has a file of it in hand saves nothing, and nobody sees it, however long the rest takes.
  assert.equal((await advance(ctx, loaded.file.id, { type: 'retried' }, { loaded })).kind, 'missing');
  assert.equal(await readBatch(ctx, retried), null);
  // The process that began it has died: the next sweep goes on.
  assert.equal(await sweepDropped(ctx), 1);
  for (const id of [batch, retried]) {
    const left = await ctx.redis.keys(`*${id.slice(4)}*`);
    // Jobs whose run has passed end by themselves.
    assert.deepEqual(
      left.filter((key) => !key.includes(':upload:')),
      [],
    );
  }
});

// Admission, in-flight set and counters against a pure model, through random interleavings; many more in the slow suite.
test('admits, lists and counts as the model does, whatever is called, left or repeated', (t) =>
  agreeOnAdmission(t, { runs: 6, most: 20 }));
