/**
 * Backup and restore as docs/operation.md tells them: the service dies in the middle of a batch, the files are copied,
 * and another Redis goes on from the copy. The upstream's books show no instruction applied twice.
 */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
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
} from '../end-to-end/world.ts';
import { startSandbox, startService } from '../processes.ts';
import { silentLog } from '../redis-server.ts';

const count = 18;
const instructions = ['trim the first 1 seconds', 'mute'];

for (const rewrites of [false, true]) {
  test(`goes on from a backup made in the middle of a batch${rewrites ? ', after BGREWRITEAOF' : ''}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'bv-backup-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const clip = join(folder, 'clip.mp4');
    await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'backup' });
    const clips = await serveClips(await readFile(clip));
    t.after(clips.close);
    const sandbox = await startSandbox('--time-scale', '40', '--copy', '--credits', '1000000');
    t.after(() => sandbox.kill());
    const [live, restored] = [join(folder, 'live'), join(folder, 'restored')];
    const uploads = { UPLOAD_DIR: join(folder, 'uploads'), NEMO_API_URL: sandbox.address, NEMO_CLIENT_ID: 'backup' };
    const first = await openEmbeddedRedis({ dataDir: live, log: silentLog });
    t.after(first.close);
    const before = await startService('all', { ...uploads, REDIS_URL: `unix://${first.socketPath}`, MAX_IN_FLIGHT: '8' }); // prettier-ignore
    t.after(() => before.kill('SIGKILL'));
    const files = Array.from({ length: count }, (_, at) => ({ source: { url: clips.url(`clip-${at}.mp4`) } }));
    const batch = await postBatch(before.address, { instructions, files });
    const upload = await fetch(`${before.address}/uploads?name=kept.mp4`, { method: 'POST', body: await readFile(clip) }); // prettier-ignore
    const { id: uploadId } = (await upload.json()) as { id: string };
    await until('a third is done, and turns are open', async () => {
      const { counts } = await getJson<BatchView>(`${before.address}/batches/${batch.id}`);
      return (counts['completed'] ?? 0) >= count / 3 && (counts['editing'] ?? 0) > 0 ? true : null;
    });

    // First, as the page says: what is sent after the copy would not be in it. The turns that were open are.
    await before.kill('SIGKILL');
    const client = new Redis(first.socketPath);
    t.after(() => client.disconnect());
    // While files are copied no rewrite may replace them (Redis' own advice).
    if (rewrites) {
      await client.bgrewriteaof();
      await until('the rewrite is done', async () =>
        /aof_rewrite_in_progress:0[\s\S]*aof_rewrite_scheduled:0/.test(await client.info('persistence')) ? true : null,
      );
    }
    await client.config('SET', 'auto-aof-rewrite-percentage', '0');
    await mkdir(restored);
    await cp(join(live, 'redis'), join(restored, 'redis'), { recursive: true, filter: (path) => !/\.sock$|lock/.test(path) }); // prettier-ignore
    client.disconnect();
    await first.close();

    const second = await openEmbeddedRedis({ dataDir: restored, log: silentLog });
    t.after(second.close);
    const after = await startService('all', { ...uploads, REDIS_URL: `unix://${second.socketPath}` });
    t.after(() => after.kill());
    const done = await untilEnded(after.address, batch.id, 120_000);
    assert.equal(done.counts['total'], count);
    const results = await readResults(after.address, batch.id);
    const failures = results.filter(({ status }) => status !== 'completed').map(({ error }) => error?.code);
    t.diagnostic(`${failures.length} of ${count} files ended without a result: ${failures.join(', ') || 'none'}`);
    assertPaidOnce(await readLedger(sandbox.address), results, instructions);
    assert.deepEqual(failures, []);
    const again = await postBatch(after.address, { instructions: ['mute'], files: [{ source: { upload_id: uploadId } }] }); // prettier-ignore
    assert.equal((await untilEnded(after.address, again.id)).status, 'completed', 'uploads are there, too');
  });
}
