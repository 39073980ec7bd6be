/** Cancel, pause, resume, retry: what each state allows, and what becomes of the files. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, describe, test } from 'node:test';
import { markBatch, workOffMarks } from '../../src/shared/bulk.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, failing, parking, tell } from '../shared/webhook/open-webhook-context.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;

before(async () => {
  server = await openTestRedis();
  api = await openTestApi(server.socketPath);
});
after(async () => {
  await api.close();
  await server.close();
});
afterEach(async () => {
  assert.deepEqual(await api.ctx.redis.smembers(api.ctx.keys.marks()), [], 'no mark is left');
});

const admitted = { type: 'admitted', session: null, lane: null } as const;

async function aBatchOf(count: number): Promise<string> {
  const answer = await api.app.inject({
    method: 'POST',
    url: '/batches',
    payload: aBatch({ files: someFiles(count) }),
  });
  return answer.json().id;
}
const act = (id: string, action: string, payload?: object) =>
  api.app.inject({ method: 'POST', url: `/batches/${id}/${action}`, ...(payload === undefined ? {} : { payload }) });
const show = async (id: string) => (await api.app.inject({ url: `/batches/${id}` })).json();
const statuses = async (id: string): Promise<string[]> =>
  (await api.app.inject({ url: `/batches/${id}/files` })).json().data.map(({ status }: { status: string }) => status);

/** Until the batch is so, or five seconds are over. */
async function until(id: string, isSo: (batch: Record<string, never>) => boolean): Promise<Record<string, never>> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const batch = await show(id);
    if (isSo(batch)) return batch;
    assert.ok(performance.now() < deadline, JSON.stringify(batch));
    await delay(10);
  }
}
const isNow = (status: string) => (batch: { status?: string }) => batch.status === status;
const isUnmarked = async (): Promise<void> => {
  const deadline = performance.now() + 5000;
  while ((await api.ctx.redis.scard(api.ctx.keys.marks())) > 0 && performance.now() < deadline) await delay(5);
};

describe('cancel', () => {
  test('keeps its mark while a file is unfinished that no pass has met', async () => {
    const id = await aBatchOf(1);
    const { redis, keys } = api.ctx;
    // A file on its way from one status to the next, as a pass that comes too late and too early sees it.
    await redis.hincrby(keys.batch(id), 'n:uploading', 1);
    await markBatch(api.ctx, id, 'cancel');
    await workOffMarks(api.ctx, id);
    assert.deepEqual([await statuses(id), await redis.scard(keys.marks())], [['canceled'], 1]);
    await redis.hincrby(keys.batch(id), 'n:uploading', -1);
    await workOffMarks(api.ctx, id);
    await until(id, isNow('canceled'));
  });

  test('ends what has not ended, whatever it was doing, and keeps the rest', async () => {
    const id = await aBatchOf(4);
    await tell(api.ctx, id, 0, ...completing);
    await tell(api.ctx, id, 1, admitted);
    await tell(api.ctx, id, 2, ...parking);
    const answer = await act(id, 'cancel');
    assert.equal(answer.statusCode, 202);
    assert.ok(['canceling', 'canceled'].includes(answer.json().status));
    await until(id, isNow('canceled'));
    assert.deepEqual(await statuses(id), ['completed', 'canceled', 'canceled', 'canceled']);
    assert.equal((await act(id, 'cancel')).statusCode, 202, 'idempotent');
    for (const action of ['pause', 'resume', 'retry']) {
      const refused = await act(id, action);
      assert.deepEqual([action, refused.statusCode, refused.json().code], [action, 409, 'batch_canceled']);
    }
    assert.equal(await api.ctx.redis.scard(api.ctx.keys.inFlight(api.ctx.accountId)), 0);
  });

  test('of 1,000 files ends every one of them', async () => {
    const id = await aBatchOf(1000);
    await act(id, 'cancel');
    await until(id, isNow('canceled'));
    assert.equal((await show(id)).counts.canceled, 1000);
  });

  test('of a batch that has ended is refused', async () => {
    const id = await aBatchOf(1);
    await tell(api.ctx, id, 0, ...completing);
    const refused = await act(id, 'cancel');
    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'batch_ended']);
  });

  test('that a crash left half-done is worked off by whoever comes next', async () => {
    const id = await aBatchOf(3);
    await markBatch(api.ctx, id, 'cancel');
    assert.equal((await show(id)).status, 'canceling');
    await Promise.all([workOffMarks(api.ctx, id), workOffMarks(api.ctx, id)]);
    assert.equal((await show(id)).status, 'canceled');
  });
});

describe('pause and resume', () => {
  test('say so, hold, and let go', async () => {
    const id = await aBatchOf(2);
    await tell(api.ctx, id, 0, admitted);
    assert.equal((await act(id, 'pause')).json().status, 'paused');
    assert.equal((await act(id, 'pause')).statusCode, 202, 'idempotent');
    await tell(api.ctx, id, 0, { type: 'held' } as never);
    const [held, waiting] = (await api.app.inject({ url: `/batches/${id}/files` })).json().data;
    assert.deepEqual([held.waiting_for.reason, waiting.waiting_for.reason], ['pause', 'pause']);
    assert.equal((await act(id, 'resume')).json().status, 'processing');
    await isUnmarked();
    assert.deepEqual(await api.ctx.redis.smembers(api.ctx.keys.held(id)), []);
    assert.equal(await api.ctx.redis.lindex(api.ctx.keys.waiting(id), 0), '0', 'in front of what never started');
  });

  test('a resume may raise max_credits', async () => {
    const id = await aBatchOf(1);
    assert.equal((await act(id, 'resume', { max_credits: 500 })).statusCode, 202);
    await isUnmarked();
    assert.equal(await api.ctx.redis.hget(api.ctx.keys.batch(id), 'max_credits'), '500');
    const refused = await act(id, 'resume', { max_credit: 500 });
    assert.deepEqual(refused.json().errors[0].pointer, '#/max_credit');
  });

  test('a resume lets go what max_credits parked, and not what waits for the account', async () => {
    const id = await aBatchOf(2);
    await tell(api.ctx, id, 0, ...parking);
    await tell(api.ctx, id, 1, admitted, { type: 'parked', reason: 'max_credits' });
    await act(id, 'resume', { max_credits: 500 });
    await isUnmarked();
    assert.deepEqual(await statuses(id), ['parked', 'uploading']);
    await act(id, 'cancel');
    await until(id, isNow('canceled'));
  });

  test('of a batch that has ended are refused', async () => {
    const id = await aBatchOf(1);
    await tell(api.ctx, id, 0, ...failing);
    for (const action of ['pause', 'resume']) assert.equal((await act(id, action)).json().code, 'batch_ended');
  });
});

describe('retry', () => {
  test('takes up every failed file and reopens the batch', async () => {
    const id = await aBatchOf(3);
    await tell(api.ctx, id, 0, ...completing);
    for (const index of [1, 2]) await tell(api.ctx, id, index, ...failing);
    assert.equal((await show(id)).status, 'completed');
    const answer = await act(id, 'retry');
    assert.deepEqual([answer.statusCode, answer.json().round], [202, 2]);
    await isUnmarked();
    assert.deepEqual(await statuses(id), ['completed', 'uploading', 'uploading']);
    assert.equal((await show(id)).status, 'processing');
  });

  test('takes up the named files alone', async () => {
    const id = await aBatchOf(3);
    for (const index of [0, 1, 2]) await tell(api.ctx, id, index, ...failing);
    const files = (await api.app.inject({ url: `/batches/${id}/files` })).json().data;
    assert.equal((await act(id, 'retry', { file_ids: [files[1].id] })).statusCode, 202);
    await isUnmarked();
    assert.deepEqual(await statuses(id), ['failed', 'uploading', 'failed']);
  });

  test('with nothing that failed changes nothing', async () => {
    const id = await aBatchOf(2);
    await tell(api.ctx, id, 0, ...completing);
    await tell(api.ctx, id, 1, ...failing);
    const [done] = (await api.app.inject({ url: `/batches/${id}/files` })).json().data;
    const answer = await act(id, 'retry', { file_ids: [done.id] });
    assert.deepEqual([answer.statusCode, answer.json().round, answer.json().status], [202, 1, 'completed']);
  });

  test('names the files that it does not know', async () => {
    const [id, other] = [await aBatchOf(1), await aBatchOf(1)];
    const [foreign] = (await api.app.inject({ url: `/batches/${other}/files` })).json().data;
    const unknown = id.replace('bat_', 'fil_');
    const answer = await act(id, 'retry', { file_ids: [foreign.id, `${unknown}_1`, `${unknown}_0`, 'x'] });
    assert.deepEqual(
      answer.json().errors.map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`),
      ['#/file_ids/0 unknown_file', '#/file_ids/1 unknown_file', '#/file_ids/3 unknown_file'],
    );
  });
});
