/** The two promises under kill -9, with as many files as the suite has time for. Real processes, real Redis, real books. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
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

const instructions = ['trim the first 3 seconds', 'mute'];
const filesOf = (clips: ClipServer, count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: clips.url(`clip-${index}.mp4`) } }));

async function openWorld(t: TestContext): Promise<{ folder: string; clips: ClipServer }> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-kill-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'kill' });
  const clips = await serveClips(await readFile(clip));
  t.after(clips.close);
  return { folder, clips };
}

/** Service and embedded Redis die right after the 202. */
export async function killEverythingAfterAccept(t: TestContext, count: number): Promise<void> {
  const { folder, clips } = await openWorld(t);
  const sandbox = await startSandbox('--instant', '--copy', '--credits', '1000000');
  t.after(() => sandbox.kill());
  const env = { DATA_DIR: join(folder, 'data'), NEMO_API_URL: sandbox.address };
  const first = await startService('all', env);
  t.after(() => first.kill('SIGKILL'));
  const batch = await postBatch(first.address, { instructions, files: filesOf(clips, count) });
  await first.kill('SIGKILL');
  const second = await startService('all', env);
  t.after(() => second.kill());
  const done = await untilEnded(second.address, batch.id, 120_000);
  assert.equal(done.counts['total'], count);
  const files = await readResults(second.address, batch.id);
  assert.equal(files.length, count);
  assert.deepEqual(
    files.filter(({ status }) => status !== 'completed'),
    [],
  );
  assertPaidOnce(await readLedger(sandbox.address), files, instructions);
}

/** One of two workers dies in the middle, then the API; Redis stays. */
export async function killWorkerAndApi(t: TestContext, count: number): Promise<void> {
  const { folder, clips } = await openWorld(t);
  const redis = await openTestRedis();
  t.after(redis.close);
  const sandbox = await startSandbox('--time-scale', '40', '--copy', '--credits', '1000000');
  t.after(() => sandbox.kill());
  const env = { REDIS_URL: redis.url, NEMO_API_URL: sandbox.address, DATA_DIR: folder, MAX_IN_FLIGHT: '20' };
  const started: Started[] = [];
  t.after(() => Promise.all(started.map((process) => process.kill('SIGKILL'))));
  const start = async (role: 'api' | 'worker'): Promise<Started> => {
    const process = await startService(role, env);
    started.push(process);
    return process;
  };
  const [api, worker] = await Promise.all([start('api'), start('worker'), start('worker')]);
  const batch = await postBatch(api.address, { instructions, files: filesOf(clips, count) });
  await until('a third is done', async () => {
    const { counts } = await getJson<BatchView>(`${api.address}/batches/${batch.id}`);
    return (counts['completed'] ?? 0) >= count / 3 ? true : null;
  });
  await worker.kill('SIGKILL');
  await api.kill('SIGKILL');
  const [again] = await Promise.all([start('api'), start('worker')]);
  const done = await untilEnded(again.address, batch.id, 120_000);
  assert.equal(done.status, 'completed');
  const files = await readResults(again.address, batch.id);
  const ledger = await readLedger(sandbox.address);
  const unfinished = files.filter(({ status }) => status !== 'completed');
  t.diagnostic(`${unfinished.length} of ${count} files were between the save and the call of a turn`);
  for (const { id, error, session } of unfinished) {
    // Killed between the save and the call: such a turn cannot be told from one that was sent, and is never sent again.
    assert.equal(error?.code, 'edit_unconfirmed', `${id}: ${JSON.stringify(error)}`);
    const turns = ledger.sessions.find((one) => one.id === session?.id)?.turns ?? [];
    assert.ok(turns.length < instructions.length, `${id}: the turn arrived, and nobody saw it`);
    assert.ok(
      turns.every(({ appliedAt }) => appliedAt !== null),
      `${id}: a turn arrived, and was not waited for`,
    );
  }
  assertPaidOnce(ledger, files, instructions);
  assert.equal(ledger.tokens.length, 1, 'one anonymous token for all processes');
}
