/** From one worker to eight and back to one under load: whatever comes and goes, no turn is lost or sent twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPlace } from '../end-to-end/open-place.ts';
import { assertPaidOnce, getJson, postBatch, readLedger, readResults, until, untilEnded } from '../end-to-end/world.ts';
import type { BatchView } from '../end-to-end/world.ts';
import { startService, type Started } from '../processes.ts';
import { newPrefix, openTestRedis } from '../redis-server.ts';

const instructions = ['trim the first 3 seconds', 'mute'];
const files = 100;
const most = 8;

test('scales from one worker to eight and back without a lost or doubled turn', async (t) => {
  const redis = await openTestRedis();
  t.after(redis.close);
  const environment = { REDIS_URL: redis.url, REDIS_PREFIX: newPrefix(), MAX_IN_FLIGHT: '24' };
  const place = await openPlace(t, { workers: 1, environment, sandbox: { timeScale: 40 } });
  const more: Started[] = [];
  t.after(() => Promise.all(more.map((worker) => worker.kill('SIGKILL'))));
  const sources = Array.from({ length: files }, (_, at) => ({ source: { url: place.clips.url(`${at}.mp4`) } }));
  const { id } = await postBatch(place.api, { instructions, files: sources, webhook: { url: place.hooks.url } });
  const done = async (least: number): Promise<true | null> => {
    const { counts } = await getJson<BatchView>(`${place.api}/batches/${id}`);
    return (counts['completed'] ?? 0) >= least ? true : null;
  };
  const figure = async (name: string): Promise<number> => {
    const page = await (await fetch(`${place.api}/metrics`)).text();
    return Number(new RegExp(`^batch_video_${name} (.+)$`, 'm').exec(page)?.[1]);
  };
  await until('work goes on', () => done(5));
  const before = await figure('backlog_seconds');
  assert.ok(before > 0, `a backlog of ${before} s is told`);
  const worker = { ...environment, NEMO_API_URL: place.sandbox, DATA_DIR: redis.dataDir, WORKER_PORT: '0' };
  await Promise.all(Array.from({ length: most - 1 }, async () => more.push(await startService('worker', worker))));
  await until('eight show themselves', async () => ((await figure('workers')) === most ? true : null));
  await until('a third is done', () => done(files / 3), 60_000);
  // Half of them are asked to go, the others are not.
  await Promise.all(more.map((one, at) => one.kill(at % 2 === 0 ? 'SIGTERM' : 'SIGKILL')));
  await untilEnded(place.api, id, 120_000);
  const results = await readResults(place.api, id);
  assert.equal(results.length, files);
  const unfinished = results.filter(
    ({ status, error }) => status !== 'completed' && error?.code !== 'edit_unconfirmed',
  );
  assert.deepEqual(unfinished, []);
  assertPaidOnce(await readLedger(place.sandbox), results, instructions);
  assert.equal(await figure('backlog_seconds'), 0);
});
