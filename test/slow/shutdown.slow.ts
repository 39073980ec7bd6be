/** Ends of processes that take too long for the quick tests: a second signal, and three workers renewed under load. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Queue, QueueEvents } from 'bullmq';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { createResources } from '../../src/shared/resources.ts';
import { openClosingPlace, untilNotReady } from '../end-to-end/closing-place.ts';
import { assertPaidOnce, getJson, postBatch, readLedger, readResults, serveClips, until } from '../end-to-end/world.ts';
import type { BatchView } from '../end-to-end/world.ts';
import { startSandbox, startService, type Started } from '../processes.ts';
import { newPrefix, openTestRedis, silentLog } from '../redis-server.ts';

test('ends at once, with 1, at a second signal', async (t) => {
  const drainMs = 15_000;
  const place = await openClosingPlace(drainMs);
  t.after(place.close);
  const { address, child } = await place.start();
  t.after(() => child.kill('SIGKILL'));
  await place.openTurn(address);
  const startedAt = performance.now();
  const exit = once(child, 'exit') as Promise<[number]>;
  child.kill('SIGTERM');
  await untilNotReady(address);
  child.kill('SIGTERM');
  assert.equal((await exit)[0], 1);
  const tookMs = performance.now() - startedAt;
  t.diagnostic(`ended ${Math.round(tookMs)} ms after the first signal, with ${drainMs} ms of drain left`);
  assert.ok(tookMs < drainMs / 2);
});

const drainMs = 4000;
const filesPerBatch = 60;
const ended = ['completed', 'failed', 'canceled'];

/**
 * Posts batch after batch, so that there is always work, and notes how long no file was completed at most. `stop` waits
 * for what was begun.
 */
function keepBusy(api: string, files: readonly object[]) {
  const seen = { completed: 0, at: 0, longestGapMs: 0 };
  const ids: string[] = [];
  let isOver = false;
  const done = until(
    'all batches have ended',
    async () => {
      const { data } = await getJson<{ data: BatchView[] }>(`${api}/batches?limit=1000`);
      const left = data.reduce((sum, { counts }) => sum + (counts['queued'] ?? 0), 0);
      if (!isOver && left < filesPerBatch / 2) ids.push((await postBatch(api, { instructions: ['mute'], files })).id);
      const completed = data.reduce((sum, { counts }) => sum + (counts['completed'] ?? 0), 0);
      const now = performance.now();
      // At the very end there is less and less to complete.
      if (seen.at > 0 && !isOver) seen.longestGapMs = Math.max(seen.longestGapMs, now - seen.at);
      if (completed > seen.completed) Object.assign(seen, { completed, at: now });
      return isOver && data.every(({ status }) => ended.includes(status)) ? true : null;
    },
    150_000,
  );
  const stop = async (): Promise<readonly string[]> => {
    isOver = true;
    await done;
    return ids;
  };
  return { seen, stop };
}

test('renews three workers one after the other under load', async (t) => {
  const resources = createResources();
  t.after(() => resources.closeAll(silentLog));
  const folder = await mkdtemp(join(tmpdir(), 'bv-rolling-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'rolling' });
  const clips = await serveClips(await readFile(clip));
  resources.add('clips', clips.close);
  const redis = await openTestRedis();
  resources.add('redis', redis.close);
  const sandbox = await startSandbox('--time-scale', '20', '--copy', '--credits', '1000000');
  resources.add('sandbox', () => sandbox.kill());
  const prefix = newPrefix();
  const environment = {
    REDIS_URL: redis.url,
    REDIS_PREFIX: prefix,
    NEMO_API_URL: sandbox.address,
    DATA_DIR: folder,
    MAX_IN_FLIGHT: '40',
    DRAIN_MS: String(drainMs),
    // Long enough that a machine which runs other things beside this loses no lock by itself.
    LOCK_MS: '10000',
    STALL_CHECK_MS: '1000',
  };
  const start = async (role: 'api' | 'worker'): Promise<Started> => {
    const process = await startService(role, environment);
    resources.add('process', () => process.kill('SIGKILL'));
    return process;
  };
  const api = (await start('api')).address;
  const workers = [await start('worker'), await start('worker'), await start('worker')];
  const stalled: string[] = [];
  const queues: Queue[] = [];
  for (const name of ['upload', 'edit', 'render']) {
    const events = new QueueEvents(name, { connection: { path: redis.socketPath }, prefix: `{${prefix}}` });
    events.on('stalled', ({ jobId }) => stalled.push(jobId));
    resources.add('queue events', () => events.close());
    await events.waitUntilReady();
    const queue = new Queue(name, { connection: { path: redis.socketPath }, prefix: `{${prefix}}` });
    resources.add('queue', () => queue.close());
    queues.push(queue);
  }
  const files = Array.from({ length: filesPerBatch }, (_, index) => ({ source: { url: clips.url(`${index}.mp4`) } }));
  const load = keepBusy(api, files);
  await until('the first have ended', async () => (load.seen.completed > 10 ? true : null));
  const ends: number[] = [];
  for (const old of workers) {
    const startedAt = performance.now();
    const exit = once(old.child, 'exit') as Promise<[number]>;
    old.child.kill('SIGTERM');
    const [code] = await exit;
    ends.push(Math.round(performance.now() - startedAt));
    assert.equal(code, 0);
    await start('worker');
  }
  const batches = await load.stop();
  const results = (await Promise.all(batches.map((id) => readResults(api, id)))).flat();
  t.diagnostic(
    `${results.length} files in ${batches.length} batches; ends took ${ends.join(', ')} ms; ` +
      `nothing ended for ${Math.round(load.seen.longestGapMs)} ms at most; ${stalled.length} stalls`,
  );
  for (const tookMs of ends) assert.ok(tookMs < drainMs + 2000, `${tookMs} ms`);
  assert.deepEqual(
    results.filter(({ status }) => status !== 'completed').map(({ error }) => error?.code),
    [],
  );
  assertPaidOnce(await readLedger(sandbox.address), results, ['mute']);
  assert.deepEqual(stalled, []);
  for (const queue of queues) {
    await until(`no job of ${queue.name} is left behind`, async () =>
      (await queue.getActiveCount()) === 0 ? true : null,
    );
  }
  // The promise is 2 s; a machine that runs other things beside this gets some more.
  assert.ok(load.seen.longestGapMs < 10_000, `nothing ended for ${load.seen.longestGapMs} ms`);
});
