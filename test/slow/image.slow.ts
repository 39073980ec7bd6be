/** Our own image: `docker compose up`, a batch through the published port, kills in the middle; and what the image is made of. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { rootPath } from '../docs/document.ts';
import { assertPaidOnce, until, type BatchView, type FileView, type Ledger } from '../end-to-end/world.ts';
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

const healthy = async (id: string): Promise<true | null> =>
  docker(['inspect', '-f', '{{.State.Health.Status}}', id]) === 'healthy' ? true : null;

async function postBatch(compose: Compose, uploadId: string, count: number): Promise<string> {
  const files = Array.from({ length: count }, () => ({ source: { upload_id: uploadId } }));
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ instructions, files });
  return (await ask<BatchView>(compose, '/batches', { method: 'POST', headers, body })).id;
}

async function doneOf(compose: Compose, id: string, least: number): Promise<true | null> {
  const { counts } = await ask<BatchView>(compose, `/batches/${id}`);
  return (counts['completed'] ?? 0) >= least ? true : null;
}

/** The sandbox tells its books to its own machine alone. */
function ledgerOf(compose: Compose): Ledger {
  const [sandbox = ''] = compose.containers('sandbox');
  const read =
    "fetch('http://127.0.0.1:4010/admin/ledger').then(async (reply) => process.stdout.write(await reply.text()))";
  return JSON.parse(docker(['exec', sandbox, 'node', '-e', read])) as Ledger;
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

test('brings a batch through docker compose while a worker and Redis are killed', withEngine, async (t) => {
  const compose = await openCompose(t);
  const [api = ''] = compose.containers('api');
  console.log(
    `# image on Node ${docker(['exec', api, 'node', '--version'])}, compose ${docker(['compose', 'version', '--short'])}`,
  );
  assertHardened(compose);
  assert.equal(compose.containers('worker').length, 2);
  const upload = await ask<{ id: string }>(compose, '/uploads?name=clip.mp4', { method: 'POST', body: await aClip(t) });
  const id = await postBatch(compose, upload.id, 12);
  await until('two are done', () => doneOf(compose, id, 2), 60_000);
  const victims = [compose.containers('worker')[0], compose.containers('redis')[0]].filter(
    (victim) => victim !== undefined,
  );
  for (const victim of victims) docker(['kill', '--signal', 'KILL', victim]);
  // An engine does not restart what was killed by hand, so it is started as an operator would.
  for (const victim of victims.toReversed()) docker(['start', victim]);
  await until('all are done', () => doneOf(compose, id, 12), 150_000);
  const files = (await ask<{ data: FileView[] }>(compose, `/batches/${id}/files`)).data;
  assertPaidOnce(ledgerOf(compose), files, instructions);
  const output = await fetch(`${compose.api}/batches/${id}/files/${files[0]?.id}/content`, {
    headers: { authorization: `Bearer ${compose.key}` },
  });
  assert.equal(Buffer.from(await output.arrayBuffer()).toString('latin1', 4, 8), 'ftyp', 'an MP4 came out');
  await t.test('and the demo job, when it is asked for', async () => {
    // The demo waits for health, and the API has just been without Redis.
    await until('the API is healthy', () => healthy(api), 60_000);
    const told = compose.run(
      'run',
      '--rm',
      '--build',
      '-T',
      'demo',
      '--url',
      'http://api:3000',
      '--files',
      '1',
      '--size',
      '320x180',
    );
    assert.match(told, /✓ \/output\/demo-1\.mp4: .*logo in the corner/);
  });
  await t.test('and on Node 22 in one process, without a supervisor', () => onNode22(t, compose));
  const startedAt = performance.now();
  compose.run('stop', 'api', 'worker');
  assert.ok(performance.now() - startedAt < 20_000, 'SIGTERM reaches node');
  for (const worker of compose.containers('worker'))
    assert.match(docker(['logs', '--tail', '3', worker]), /"msg":"closed"/);
});

const build = ['build', '-q', '--target', 'service', rootPath('.')];
const node22 = 'batch-video:node22';

/** The image alone, as `docker run` has it, beside the sandbox and the Redis of the compose project. */
async function onNode22(t: TestContext, compose: Compose): Promise<void> {
  docker([...build, '--build-arg', 'NODE_MAJOR=22', '-t', node22]);
  const settings = [
    'REDIS_URL=redis://redis:6379',
    'REDIS_PREFIX=node22',
    'NEMO_API_URL=http://sandbox:4010',
    'RENDER_POLL_MS=500',
  ];
  const safe = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
  const environment = [...settings, `API_KEYS=local:${compose.key}:admin`].flatMap((setting) => ['-e', setting]);
  const id = docker([
    'run',
    '-d',
    '--network',
    `${compose.project}_default`,
    '-p',
    '127.0.0.1:0:3000',
    ...safe,
    ...environment,
    node22,
  ]);
  t.after(() => docker(['rm', '-fv', id]));
  const api = { ...compose, api: `http://${docker(['port', id, '3000'])}` };
  await until('it is healthy', () => healthy(id), 60_000);
  console.log(`# image on Node ${docker(['exec', id, 'node', '--version'])}`);
  const upload = await ask<{ id: string }>(api, '/uploads?name=clip.mp4', { method: 'POST', body: await aClip(t) });
  const batch = await postBatch(api, upload.id, 2);
  await until('both are done', () => doneOf(api, batch, 2), 60_000);
  const startedAt = performance.now();
  docker(['stop', '--time', '30', id]);
  assert.ok(performance.now() - startedAt < 15_000, 'SIGTERM reaches node, also as process 1');
  assert.equal(docker(['inspect', '-f', '{{.State.ExitCode}}', id]), '0');
}

test('is small, and refuses to be open without keys', withEngine, () => {
  docker([...build, '-t', 'batch-video']);
  const bytes = Number(docker(['image', 'inspect', '-f', '{{.Size}}', 'batch-video']));
  console.log(`# image ${Math.round(bytes / 1e6)} MB`);
  assert.ok(bytes <= maxImageBytes, `${bytes} bytes`);
  const bare = spawnSync(
    'docker',
    ['run', '--rm', '--read-only', '--cap-drop', 'ALL', '-e', 'REDIS_URL=redis://nowhere', 'batch-video'],
    { encoding: 'utf8' },
  );
  assert.equal(bare.status, 2);
  assert.match(bare.stderr, /API_KEYS/);
});
