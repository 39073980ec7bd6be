/** The two promises under kill -9: accepted is kept, paid once. Real processes, real Redis, the sandbox's own books. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { startSandbox, startService, type Started } from '../processes.ts';
import { openTestRedis } from '../redis-server.ts';
import {
  assertPaidOnce,
  getJson,
  postBatch,
  readLedger,
  readResults,
  serveClips,
  until,
  untilEnded,
  type BatchView,
  type ClipServer,
} from './world.ts';

let folder: string;
let clips: ClipServer;
const instructions = ['trim the first 3 seconds', 'mute'];
const filesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: clips.url(`clip-${index}.mp4`) } }));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-kill-'));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'kill' });
  clips = await serveClips(await readFile(clip));
});
after(async () => {
  clips.close();
  await rm(folder, { recursive: true, force: true });
});

test('keeps all 300 files through a kill -9 of everything right after the 202', async (t) => {
  const sandbox = await startSandbox('--instant', '--copy', '--credits', '1000000');
  t.after(() => sandbox.kill());
  const env = { DATA_DIR: join(folder, 'all'), NEMO_API_URL: sandbox.address };
  const first = await startService('all', env);
  t.after(() => first.kill('SIGKILL'));
  const batch = await postBatch(first.address, { instructions, files: filesOf(300) });
  await first.kill('SIGKILL');
  const second = await startService('all', env);
  t.after(() => second.kill());
  const done = await untilEnded(second.address, batch.id, 60_000);
  assert.equal(done.counts['total'], 300);
  const files = await readResults(second.address, batch.id);
  assert.deepEqual(
    files.filter(({ status }) => status !== 'completed'),
    [],
  );
  assertPaidOnce(await readLedger(sandbox.address), files, instructions);
});

test('ends every file once when one of two workers, then the API, is killed in the middle', async (t) => {
  const redis = await openTestRedis();
  t.after(redis.close);
  const sandbox = await startSandbox('--time-scale', '40', '--copy', '--credits', '1000000');
  t.after(() => sandbox.kill());
  const env = {
    REDIS_URL: redis.url,
    NEMO_API_URL: sandbox.address,
    DATA_DIR: join(folder, 'split'),
    MAX_IN_FLIGHT: '20',
  };
  const started: Started[] = [];
  t.after(() => Promise.all(started.map((process) => process.kill('SIGKILL'))));
  const start = async (role: 'api' | 'worker'): Promise<Started> => {
    const process = await startService(role, env);
    started.push(process);
    return process;
  };
  const [api, worker] = [await start('api'), await start('worker')];
  await start('worker');
  const batch = await postBatch(api.address, { instructions, files: filesOf(60) });
  await until('a third is done', async () => {
    const { counts } = await getJson<BatchView>(`${api.address}/batches/${batch.id}`);
    return (counts['completed'] ?? 0) >= 20 ? true : null;
  });
  await worker.kill('SIGKILL');
  await start('worker');
  await api.kill('SIGKILL');
  const again = await start('api');
  const done = await untilEnded(again.address, batch.id, 60_000);
  assert.equal(done.status, 'completed');
  const files = await readResults(again.address, batch.id);
  const ledger = await readLedger(sandbox.address);
  assert.deepEqual(
    files.filter(({ status }) => status !== 'completed').map(({ error }) => error),
    [],
  );
  assertPaidOnce(ledger, files, instructions);
  assert.equal(ledger.tokens.length, 1, 'one anonymous token for all processes');
});
