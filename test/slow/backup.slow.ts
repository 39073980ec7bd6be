/**
 * Backup and restore of a Redis of one's own, by the very commands of docs/operation.md: the service dies in the middle of
 * a batch, the files are copied, and another Redis goes on from the copy. The upstream's books show no instruction applied
 * twice. With compose: backup-compose.slow.ts.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { readEnvironment } from '../../src/shared/config/read-environment.ts';
import { readSystemPaths } from '../../src/shared/config/system-paths.ts';
import { findRedis } from '../../src/shared/redis/embedded/find-redis.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
import { runEnvironment } from '../../src/shared/redis/embedded/redis-binary.ts';
import { blocksOf, readDocument } from '../docs/document.ts';
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

interface Places {
  readonly cwd: string;
  readonly socket: string;
  readonly REDIS_DIR: string;
  readonly UPLOAD_DIR: string;
}
/** The commands say nothing of where Redis listens; here it is a socket. */
const atSocket = `redis-cli() { command redis-cli -s "$socket" "$@"; }
redis-server() { exec redis-server "$@" --port 0 --unixsocket "$socket"; }
`;
/** Where no Redis is installed, the one of the cache has its redis-cli beside it. */
const redis = await findRedis({ ...readSystemPaths(readEnvironment()), log: silentLog });
const environmentOf = ({ socket, REDIS_DIR, UPLOAD_DIR }: Places): NodeJS.ProcessEnv => ({
  ...process.env,
  ...runEnvironment(redis.libraryPath),
  PATH: `${dirname(redis.program)}:${process.env['PATH']}`,
  socket,
  REDIS_DIR,
  UPLOAD_DIR,
});

function type(commands: string, places: Places): void {
  const { status, stdout, stderr } = spawnSync('bash', ['-ec', atSocket + commands], {
    cwd: places.cwd,
    env: environmentOf(places),
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${commands}\n${stdout}\n${stderr}`);
}

async function serveRedis(t: TestContext, command: string, places: Places): Promise<string> {
  const server = spawn('bash', ['-c', atSocket + command], { env: environmentOf(places), stdio: 'ignore' });
  t.after(async () => {
    if (server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL'); // its folder may be gone, and then it would not end by itself
    await ended;
  });
  await until('Redis answers', async () => (existsSync(places.socket) ? true : null));
  return places.socket;
}

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
    if (rewrites) await client.bgrewriteaof();
    const text = await readDocument('docs/operation.md');
    const [backup = ''] = blocksOf(text, 'sh own-backup');
    type(backup, { cwd: folder, socket: first.socketPath, REDIS_DIR: join(live, 'redis'), UPLOAD_DIR: uploads.UPLOAD_DIR }); // prettier-ignore
    assert.deepEqual(await client.config('GET', 'auto-aof-rewrite-percentage'), ['auto-aof-rewrite-percentage', '100']);
    client.disconnect();
    await first.close();

    for (const empty of [join(restored, 'redis'), join(restored, 'uploads')]) await mkdir(empty, { recursive: true });
    uploads.UPLOAD_DIR = join(restored, 'uploads');
    const [unpack = '', serve = ''] = blocksOf(text, 'sh own-restore').join('').trim().split('\n');
    const places = { cwd: folder, socket: join(folder, 'second.sock'), REDIS_DIR: join(restored, 'redis'), UPLOAD_DIR: uploads.UPLOAD_DIR }; // prettier-ignore
    type(unpack, places);
    const second = await serveRedis(t, serve, places);
    const after = await startService('all', { ...uploads, REDIS_URL: `unix://${second}` });
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

test('takes a dump from anywhere, and turns it into an append-only file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bv-dump-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const first = await openEmbeddedRedis({ dataDir: join(folder, 'live'), log: silentLog });
  t.after(first.close);
  const places = { cwd: folder, REDIS_DIR: folder, UPLOAD_DIR: folder };
  type('redis-cli SET kept yes && redis-cli --rdb dump.rdb', { ...places, socket: first.socketPath });
  const socket = join(folder, 'second.sock');
  await serveRedis(t, 'redis-server --dir "$REDIS_DIR" --appendonly no', { ...places, socket });
  type('redis-cli CONFIG SET appendonly yes', { ...places, socket });
  const client = new Redis(socket);
  await until('the file is written', async () =>
    /aof_enabled:1[\s\S]*aof_rewrite_in_progress:0/.test(await client.info('persistence')) ? true : null,
  );
  client.disconnect();
  type('redis-cli SHUTDOWN NOSAVE', { ...places, socket });
  const third = await serveRedis(t, 'redis-server --dir "$REDIS_DIR" --appendonly yes', { ...places, socket: join(folder, 'third.sock') }); // prettier-ignore
  const again = new Redis(third);
  t.after(() => again.disconnect());
  assert.equal(await again.get('kept'), 'yes');
});
