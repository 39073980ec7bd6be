/** The watchdog: a worker that is there and takes nothing is replaced, and nothing else is. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Worker } from 'bullmq';
import type { QueueName } from '../../src/shared/queues.ts';
import { openQueueWorkers, type Pulse, type QueueWorkers } from '../../src/workers/queue-workers.ts';
import { openTestContext, type TestContext } from '../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { until } from '../end-to-end/world.ts';

const deafMs = 200;
let server: TestRedis;
let opened: TestContext;
let workers: QueueWorkers;
const taken: string[] = [];

before(async () => {
  server = await openTestRedis();
  opened = await openTestContext(server.socketPath);
  const { ctx } = opened;
  const open = (name: QueueName, pulse: Pulse): Worker => {
    const work = async (): Promise<void> => {
      pulse.taken();
      taken.push(name);
      pulse.ended();
    };
    const worker = new Worker(name, work, { connection: ctx.redis, prefix: ctx.keys.tag, skipVersionCheck: true });
    return worker.on('error', () => undefined);
  };
  workers = openQueueWorkers(ctx, { open, concurrency: () => 1, isClosing: () => false, deafMs });
});
after(async () => {
  await workers.closeAll(true);
  await opened.close();
  await server.close();
});

const add = (id: string): Promise<unknown> =>
  opened.ctx.queues.edit.add('edit', { file_id: 'fil_x', run: 1 }, { jobId: id });
const look = async (): Promise<true | null> => {
  await workers.revive();
  return taken.length > 0 ? true : null;
};

test('rebuilds the worker of a queue where work waits and nothing is taken, and that one alone', async () => {
  const { edit: dead, render } = { edit: workers.of('edit'), render: workers.of('render') };
  await dead.pause(true);
  await add('job-1');
  await workers.revive();
  assert.equal(workers.of('edit'), dead, 'not before it has been silent for long');
  await until('the job is taken', look, 5000);
  assert.notEqual(workers.of('edit'), dead);
  assert.equal(workers.of('render'), render);
  assert.deepEqual(workers.deaf(), [], 'healthy again once something is taken');
});

test('takes no outage for silence', async () => {
  taken.length = 0;
  const dead = workers.of('edit');
  await dead.pause(true);
  await add('job-2');
  const from = performance.now();
  await until('it was silent for long', async () => (performance.now() - from > deafMs ? true : null));
  opened.ctx.watch.noteTrouble();
  await workers.revive();
  assert.equal(workers.of('edit'), dead);
  await until('the job is taken', look, 5000);
});
