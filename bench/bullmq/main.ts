/**
 * The baseline of commands and bytes: the same files as BullMQ jobs, one job a file in each of two queues, `edit` (session,
 * upload, turn, settling) and `render` (submit, poll, look). No call is made, as only what goes to Redis counts: a
 * crash loses where a file stood, and its turn is sent again. Prints what it took as JSON.
 *   --redis <socket> --files n   --intake: only adds them
 */
import { argv, cpuUsage } from 'node:process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    redis: { type: 'string', default: '' },
    files: { type: 'string', default: '1000' },
    intake: { type: 'boolean', default: false },
  },
});
const files = Number(values.files);
const chunkSize = 500;
const concurrency = 200;

/** What a job must carry to be worked on: as much as a file of a batch says. */
const dataOf = (at: number) => ({
  source: { url: `http://127.0.0.1:9/clips/${at}.mp4` },
  name: `clip-${at}.mp4`,
  instructions: ['trim the first 1 seconds'],
});

const connection = new Redis(values.redis, { maxRetriesPerRequest: null });
const prefix = '{bullmq}';
const edit = new Queue('edit', { connection, prefix, skipVersionCheck: true });
const render = new Queue('render', { connection, prefix, skipVersionCheck: true });
await edit.waitUntilReady();
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const before = cpuUsage();
const startedAt = performance.now();
for (let first = 0; first < files; first += chunkSize) {
  const chunk = Array.from({ length: Math.min(chunkSize, files - first) }, (_, at) => ({
    name: 'file',
    data: dataOf(first + at),
  }));
  await edit.addBulk(chunk);
}
const intakeMs = performance.now() - startedAt;
const workers: Worker[] = [];
if (!values.intake) {
  const options = { connection, prefix, concurrency, skipVersionCheck: true };
  const done = Promise.withResolvers<void>();
  let ended = 0;
  workers.push(
    new Worker(
      'edit',
      async (job) => {
        await render.add('file', { ...job.data, session: '5529798706024415232' });
        return null;
      },
      options,
    ),
    new Worker('render', async () => ({ url: 'https://cdn.example/out/render_17734236136160001.mp4' }), options),
  );
  workers.at(-1)?.on('completed', () => {
    ended += 1;
    if (ended === files) done.resolve();
  });
  await done.promise;
}
const ms = performance.now() - startedAt;
const { user, system } = cpuUsage(before);
console.log(JSON.stringify({ intakeMs, ms, cpuMs: (user + system) / 1000, loopMaxMs: loop.max / 1e6 }));
await Promise.all(workers.map((worker) => worker.close()));
await Promise.all([edit.close(), render.close()]);
connection.disconnect();
