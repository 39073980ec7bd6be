/**
 * Saves what a release leaves in Redis, for the tests of later ones: batches in every state, killed in the middle of
 * their work. Writes test/data/redis-<version>/: the append-only file, the uploads, and what the upstream knew.
 *
 *     node scripts/snapshot/main.ts
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import { version } from '../../src/shared/version.ts';
import { makeBatches } from './make-batches.ts';
import { openReceiver } from './open-receiver.ts';
import { rewriteAppendOnlyFile } from './rewrite-append-only-file.ts';
import { startService } from './start-service.ts';
import { token, toUpstream } from './to-upstream.ts';

const folder = await mkdtemp(join(tmpdir(), 'bv-snapshot-'));
const target = join(import.meta.dirname, '../../test/data', `redis-${version}`);
const receiver = await openReceiver();
const sandbox: OpenSandbox = await openSandbox({
  timeScale: 0,
  copy: true,
  logLevel: 'silent',
  tokens: [{ token, credits: 100_000 }],
});
try {
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 2, width: 64, height: 36, hasAudio: false });
  const service = await startService({ dataDir: join(folder, 'data'), upstream: sandbox.url, token });
  const batches = await makeBatches({
    api: service.address,
    sandbox: sandbox.url,
    receiver: receiver.url,
    clip: await readFile(clip),
  });
  // As a crash leaves it; its Redis ends by itself, in good order.
  await service.kill();
  const ledger = sandbox.ledger();
  const appendOnlyFile = await rewriteAppendOnlyFile(join(folder, 'data'));
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'appendonly.aof'), appendOnlyFile);
  await cp(join(folder, 'data', 'uploads'), join(target, 'uploads'), { recursive: true });
  const upstream = toUpstream({ ledger, batches, receiver: receiver.url, sandbox: sandbox.url });
  await writeFile(join(target, 'upstream.json'), `${JSON.stringify(upstream, null, 2)}\n`);
  process.stdout.write(`${target}: ${appendOnlyFile.length} bytes, ${Object.keys(batches).join(', ')}\n`);
} finally {
  await sandbox.close();
  receiver.close();
  await rm(folder, { recursive: true, force: true });
}
