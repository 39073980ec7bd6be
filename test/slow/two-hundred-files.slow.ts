/** 200 files at once through two worker processes and an API: right outputs, unique render ids, one token, the window kept. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import {
  assertPaidOnce,
  getJson,
  postBatch,
  readLedger,
  readResults,
  serveClips,
  until,
  type BatchView,
} from '../end-to-end/world.ts';
import { startSandbox, startService, type Started } from '../processes.ts';
import { openTestRedis } from '../redis-server.ts';

const maxInFlight = 40;
const inFlightStatuses = ['uploading', 'editing', 'checking', 'rendering'];

test('brings 200 files through two workers within the window', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bv-slow-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'many' });
  const bytes = await readFile(clip);
  const clips = await serveClips(bytes);
  t.after(clips.close);
  const redis = await openTestRedis();
  t.after(redis.close);
  const sandbox = await startSandbox('--time-scale', '20', '--copy', '--credits', '1000000');
  t.after(() => sandbox.kill());
  const started: Started[] = [];
  t.after(() => Promise.all(started.map((process) => process.kill())));
  const env = {
    REDIS_URL: redis.url,
    NEMO_API_URL: sandbox.address,
    DATA_DIR: folder,
    MAX_IN_FLIGHT: String(maxInFlight),
  };
  for (const role of ['api', 'worker', 'worker'] as const) started.push(await startService(role, env));
  const api = started[0]?.address ?? '';
  const instructions = ['trim the first 3 seconds', 'mute'];
  const files = Array.from({ length: 200 }, (_, index) => ({ source: { url: clips.url(`clip-${index}.mp4`) } }));
  const { id } = await postBatch(api, { instructions, files });

  let most = 0;
  const batch = await until(
    'the batch ends',
    async () => {
      const seen = await getJson<BatchView>(`${api}/batches/${id}`);
      most = Math.max(
        most,
        inFlightStatuses.reduce((sum, status) => sum + (seen.counts[status] ?? 0), 0),
      );
      return seen.status === 'completed' || seen.status === 'failed' ? seen : null;
    },
    180_000,
  );
  assert.equal(batch.counts['completed'], 200);
  assert.ok(most <= maxInFlight, `${most} in flight`);
  t.diagnostic(`at most ${most} of ${maxInFlight} in flight`);
  const results = await readResults(api, id);
  const ledger = await readLedger(sandbox.address);
  assertPaidOnce(ledger, results, instructions);
  assert.equal(ledger.tokens.length, 1);
  assert.equal(ledger.renders.length, 200);
  const want = createHash('sha256').update(bytes).digest('hex');
  for (const file of results) {
    const content = await fetch(`${api}/batches/${id}/files/${file.id}/content`);
    const got = createHash('sha256')
      .update(Buffer.from(await content.arrayBuffer()))
      .digest('hex');
    assert.equal(got, want, `file ${file.index}`);
  }
});
