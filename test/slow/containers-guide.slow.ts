/** docs/containers.md, command by command: the image is built twice and is one, it runs alone, and each row of compose does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { bare, blocksOf, readDocument, rootPath, tableUnder } from '../docs/document.ts';
import { until } from '../end-to-end/world.ts';
import { openComposeByHand } from './containers/compose-by-hand.ts';
import { docker, withEngine } from './containers/engine.ts';

let build = '';
let run = '';
let rebuild = '';
before(async () => {
  const blocks = blocksOf(await readDocument('docs/containers.md'), 'sh');
  assert.equal(blocks.length, 3);
  [build = '', run = '', rebuild = ''] = blocks;
});

const answersWith = (url: string, status: number): Promise<true> =>
  until(`${url} answers ${status}`, async () => ((await fetch(url)).status === status ? true : null), 120_000);

function shell(text: string, cwd: string, environment: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', text], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, DOCKER_BUILDKIT: '1', ...environment },
  });
  assert.equal(status, 0, `${text}\n${stdout}\n${stderr}`);
  return stdout.trim();
}

interface Image {
  readonly Id: string;
  readonly RootFS: { readonly Layers: readonly string[] };
}
const inspect = (tag: string): Image => (JSON.parse(docker(['image', 'inspect', tag])) as [Image])[0];

/** Each with the times of now, and rights by its umask; both before the first build, so that they are of one commit. */
function clone(folder: string, umask: string): string {
  const path = join(folder, umask);
  shell(`umask ${umask} && git clone -q --depth 1 "file://${rootPath('.')}" "${path}"`, folder);
  return path;
}

test('makes the same image of two clones of one commit', withEngine, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bv-clone-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clones = [clone(folder, '022'), clone(folder, '027')];
  const tags = ['one', 'two'].map((name) => `bv-test-${name}`);
  t.after(() => spawnSync('docker', ['rmi', ...tags]));
  const [one, two] = clones.map((path, at) => {
    const text = rebuild.replace('-t batch-video', `-q -t ${tags[at]}`);
    assert.notEqual(text, rebuild);
    shell(text, path);
    return inspect(tags[at] ?? '');
  });
  t.diagnostic(`${one?.RootFS.Layers.length} layers, ${one?.Id}`);
  assert.deepEqual(two?.RootFS.Layers, one?.RootFS.Layers, 'the layers');
  assert.equal(two?.Id, one?.Id, 'and the rest of the image');
});

test('builds, and runs alone beside a Redis, as the guide says', withEngine, async (t) => {
  shell(build, rootPath('.'));
  const name = `bv-test-${randomBytes(4).toString('hex')}`;
  const redis = ['--network-alias', 'redis', '--name', `${name}-redis`, 'redis:7-alpine'];
  t.after(() => {
    spawnSync('docker', ['rm', '-fv', name, `${name}-redis`]);
    spawnSync('docker', ['volume', 'rm', name]);
    spawnSync('docker', ['network', 'rm', name]);
  });
  docker(['network', 'create', name]);
  docker(['run', '-d', '--network', name, ...redis]);
  const moved = run
    .replace('docker run', `docker run -d --name ${name}`)
    .replace('--network video', `--network ${name}`)
    .replace('-v data:', `-v ${name}:`)
    .replace('127.0.0.1:3000:', '127.0.0.1:0:')
    // Nobody's cloud is asked by a test.
    .replace('-e REDIS_URL', '-e NEMO_API_URL=http://127.0.0.1:9 -e REDIS_URL');
  shell(moved, rootPath('.'));
  const address = `http://${docker(['port', name, '3000'])}`;
  await answersWith(`${address}/readyz`, 200);
  await answersWith(`${address}/batches`, 401);
  const headers = { authorization: 'Bearer a-long-random-key' };
  assert.equal((await fetch(`${address}/batches`, { headers })).status, 200);
  docker(['stop', '--time', '30', name]);
  assert.equal(docker(['inspect', '-f', '{{.State.ExitCode}}', name]), '0');
});

/** What each row of the table must lead to, in its order; `profile observe` needs images that are not ours to fetch here. */
test('does what each row of docker compose says', withEngine, async (t) => {
  const rows = tableUnder(await readDocument('docs/containers.md'), '## docker compose');
  const commands = rows.map(([command]) => bare(command));
  assert.equal(commands.length, 6);
  const [plain = '', sandbox = '', demo = '', open = '', observe = '', scale = ''] = commands;
  const compose = openComposeByHand(t);
  const cloud = { NEMO_API_URL: 'http://127.0.0.1:9' };
  compose.shell('docker compose --profile demo build -q');

  compose.shell(plain, cloud);
  await answersWith(`${compose.address('api', 3000)}/readyz`, 200);
  assert.deepEqual([compose.containers('worker').length, compose.containers('sandbox').length], [2, 0]);
  const wrong = await fetch(`${compose.address('api', 3000)}/batches`, { headers: { authorization: 'Bearer other' } });
  assert.equal(wrong.status, 401);

  compose.shell(sandbox);
  assert.equal(compose.containers('sandbox').length, 1);
  assert.match(compose.shell(demo), /✓ \/output\/demo-3\.mp4/);

  await t.test('and the first looks of the runbook', async () => {
    const [looks = ''] = blocksOf(await readDocument('docs/runbook.md'), 'sh');
    const address = compose.address('api', 3000).replace('http://', '');
    // The last command finds lines only where something is wrong.
    const told = compose.shell(`${looks.replaceAll('127.0.0.1:3000', address).trim()} || true`);
    assert.match(told, /"status":"ok"[\s\S]*-api-1[\s\S]*-worker-1/);
  });

  compose.shell(scale, cloud);
  assert.equal(compose.containers('worker').length, 8);
  const [autoscale = ''] = blocksOf(await readDocument('docs/operation.md'), 'sh autoscale');
  compose.shell(`workers=3; ${autoscale.trim().split('\n').at(-1)}`, cloud);
  assert.equal(compose.containers('worker').length, 3, 'what cron does with compose');

  assert.throws(() => compose.shell(open, cloud), /set API_KEYS/);
  compose.shell(open, { ...cloud, BIND: '127.0.0.1', API_KEYS: 'shop:a-key-of-my-own' });
  await answersWith(`${compose.address('api', 3000)}/readyz`, 200);
  const headers = { authorization: 'Bearer a-key-of-my-own' };
  assert.equal((await fetch(`${compose.address('api', 3000)}/batches`, { headers })).status, 200);

  assert.match(compose.shell(observe.replace('up -d', 'config --services')), /^prometheus$/m);
});
