/** Our own image: `docker compose up`, a batch through the published port, kills in the middle; and what the image is made of. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { rootPath } from '../docs/document.ts';
import { assertPaidOnce, readLedger, until, type BatchView, type FileView } from '../end-to-end/world.ts';
import { openCompose, type Compose } from './containers/compose.ts';
import { docker, withEngine } from './containers/engine.ts';

const maxImageBytes = 300_000_000;
const instructions = ['trim the first 1 seconds', 'mute'];

async function ask<T>(compose: Compose, path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `Bearer ${compose.key}`, ...(init.headers as Record<string, string> | undefined) };
  const response = await fetch(`${compose.api}${path}`, { ...init, headers });
  const text = await response.text();
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

async function aClip(t: TestContext): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-image-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'clip.mp4');
  await makeClip({ path, seconds: 4, width: 320, height: 180, label: 'image' });
  return readFile(path);
}

interface Inspected {
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: string[] | null;
    readonly SecurityOpt: string[] | null;
  };
}
const inspect = (id: string): Inspected => (JSON.parse(docker(['inspect', id])) as [Inspected])[0];

function assertHardened(compose: Compose): void {
  for (const service of ['api', 'worker']) {
    const [id = ''] = compose.containers(service);
    const { Config, HostConfig } = inspect(id);
    assert.deepEqual([Config.User, HostConfig.ReadonlyRootfs, HostConfig.CapDrop], ['node', true, ['ALL']]);
    assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges:true']);
    assert.equal(docker(['exec', id, 'id', '-u']), '1000');
    assert.match(tryInside(id, 'touch /app/x'), /Read-only file system/);
    assert.match(tryInside(id, 'ffmpeg -version; npm -v'), /ffmpeg: not found[\s\S]*npm: not found/);
  }
}
const tryInside = (id: string, command: string): string =>
  spawnSync('docker', ['exec', id, 'sh', '-c', command], { encoding: 'utf8' }).stderr;

test('brings a batch through docker compose while a worker, Redis and an API are killed', withEngine, async (t) => {
  const compose = await openCompose(t);
  const [api = ''] = compose.containers('api');
  console.log(
    `# image on Node ${docker(['exec', api, 'node', '--version'])}, compose ${docker(['compose', 'version', '--short'])}`,
  );
  assertHardened(compose);
  assert.equal(compose.containers('worker').length, 2);
  const upload = await ask<{ id: string }>(compose, '/uploads?name=clip.mp4', { method: 'POST', body: await aClip(t) });
  const { id } = await ask<BatchView>(compose, '/batches', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      instructions,
      files: Array.from({ length: 12 }, () => ({ source: { upload_id: upload.id } })),
    }),
  });
  const done = async (least: number): Promise<BatchView | null> => {
    const batch = await ask<BatchView>(compose, `/batches/${id}`);
    return (batch.counts['completed'] ?? 0) >= least ? batch : null;
  };
  await until('two are done', () => done(2), 60_000);
  const victims = [compose.containers('worker')[0], compose.containers('redis')[0]].filter(
    (victim) => victim !== undefined,
  );
  for (const victim of victims) docker(['kill', '--signal', 'KILL', victim]);
  // An engine does not restart what was killed by hand, so it is started as an operator would.
  for (const victim of victims.toReversed()) docker(['start', victim]);
  await until('all are done', () => done(12), 150_000);
  const files = (await ask<{ data: FileView[] }>(compose, `/batches/${id}/files`)).data;
  assertPaidOnce(await readLedger(compose.sandbox), files, instructions);
  const output = await fetch(`${compose.api}/batches/${id}/files/${files[0]?.id}/content`, {
    headers: { authorization: `Bearer ${compose.key}` },
  });
  assert.equal(Buffer.from(await output.arrayBuffer()).toString('latin1', 4, 8), 'ftyp', 'an MP4 came out');
  const startedAt = performance.now();
  compose.run('stop', 'api', 'worker');
  assert.ok(performance.now() - startedAt < 20_000, 'SIGTERM reaches node');
  for (const worker of compose.containers('worker'))
    assert.match(docker(['logs', '--tail', '3', worker]), /"msg":"closed"/);
});

test('is small, and starts on Node 22 as well, refusing to be open without keys', withEngine, () => {
  const build = ['build', '-q', '--target', 'service', rootPath('.')];
  docker([...build, '-t', 'batch-video']);
  const bytes = Number(docker(['image', 'inspect', '-f', '{{.Size}}', 'batch-video']));
  console.log(`# image ${Math.round(bytes / 1e6)} MB`);
  assert.ok(bytes <= maxImageBytes, `${bytes} bytes`);
  docker([...build, '--build-arg', 'NODE_MAJOR=22', '-t', 'batch-video:node22']);
  const bare = spawnSync(
    'docker',
    ['run', '--rm', '--read-only', '--cap-drop', 'ALL', '-e', 'REDIS_URL=redis://nowhere', 'batch-video:node22'],
    { encoding: 'utf8' },
  );
  assert.equal(bare.status, 2);
  assert.match(bare.stderr, /API_KEYS/);
});
