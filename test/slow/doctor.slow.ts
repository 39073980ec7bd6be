/** The doctor as people call it: the command and the entry of the image; and on a disk that is really full. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { after, before, test } from 'node:test';
import { rootPath } from '../docs/document.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';

let folder: string;
let redis: TestRedis;
let sandbox: OpenSandbox;
let environment: Record<string, string>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-doctor-'));
  redis = await openTestRedis();
  sandbox = await openSandbox({ logLevel: 'silent', copy: true });
  environment = {
    PATH: process.env['PATH'] ?? '',
    REDIS_URL: redis.url,
    DATA_DIR: folder,
    MAX_FILE_BYTES: '1000',
    NEMO_API_URL: sandbox.url,
  };
});
after(async () => {
  await sandbox.close();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
});

function run(args: readonly string[], changes: Record<string, string> = {}): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(execPath, [...args], { env: { ...environment, ...changes } }, (error, out) =>
      resolve({ code: Number(error?.code ?? 0), out }),
    );
  });
}
const entry = [rootPath('src/doctor/main.ts')];

test('prints a line a check, and exits with 1 only where something fails', async () => {
  for (const args of [entry, [rootPath('bin/batch-video.js'), 'doctor']]) {
    const well = await run(args);
    assert.match(well.out, /^ok {4}settings {2}\S/m);
    assert.match(well.out, /^warn {2}redis {5}appendfsync is no.* → CONFIG SET/m);
    assert.equal(well.code, 0, well.out);
    const ill = await run(args, { LOCK_MS: '1' });
    assert.match(ill.out, /^fail {2}settings {2}LOCK_MS must be .* → see Settings/);
    assert.equal(ill.code, 1);
  }
});

test('tells programs the same, one object a line', async () => {
  const { out } = await run([rootPath('bin/batch-video.js'), 'doctor', '--json']);
  const lines = out.trimEnd().split('\n').map((line) => JSON.parse(line) as { check: string; verdict: string }); // prettier-ignore
  assert.deepEqual(lines[0], { check: 'settings', verdict: 'ok', detail: 'every one can be read', advice: null });
  assert.ok(lines.length > 6);
});

test('fails on a disk that is full', async (t) => {
  const small = join(folder, 'small');
  await mkdir(small);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]).status !== 0) {
    return t.skip('no small file system can be mounted here');
  }
  t.after(() => spawnSync('umount', [small]));
  await writeFile(join(small, 'much'), Buffer.alloc(60 * 1024));
  const { code, out } = await run(entry, { UPLOAD_DIR: small });
  assert.match(out, /^fail {2}disk {6}UPLOAD_DIR cannot be written to \(ENOSPC\) → make room there/m);
  assert.equal(code, 1);
});
