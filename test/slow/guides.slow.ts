/** The guides of docs/: each command in them is run, in their order, against the service that the quick start starts. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { blocksOf, readDocument, rootPath } from '../docs/document.ts';
import { freePort } from '../../scripts/chaos/free-port.ts';
import { until } from '../end-to-end/world.ts';

/** What each guide must print, line by line, beside that all of it succeeds. */
const order: readonly (readonly [guide: string, prints: readonly RegExp[]])[] = [
  ['quick-start', [/^50$/, /^completed$/]],
  ['batches', [/^2$/, /^\w+$/, /^paused$/, /^(queued|processing)$/, /^2$/, /^index,/, /^state$/, /^edit$/]],
  ['events', [/^(id|event|retry):?/, /:/, /^(id|event|retry):?/, /:/]],
  ['credits', [/^\d+$/, /^100$/, /^50$/]],
  ['errors', [/^true$/]],
  ['sandbox', [/^edit_not_applied$/]],
];

let folder: string;
const started: ReturnType<typeof spawn>[] = [];
let ports: { readonly sandbox: number; readonly service: number };
/** The addresses of the text are taken on many a machine. */
const moved = (text: string): string =>
  text
    .replaceAll('127.0.0.1:4010', `127.0.0.1:${ports.sandbox}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${ports.service}`);

const answers = (url: string): Promise<true> =>
  until(
    `${url} answers`,
    () =>
      fetch(url).then(
        ({ ok }) => ok || null,
        () => null,
      ),
    60_000,
  );

before(async () => {
  ports = { sandbox: await freePort(), service: await freePort() };
  folder = await mkdtemp(join(tmpdir(), 'bv-guides-'));
  await makeClip({ path: join(folder, 'demo-1.mp4'), seconds: 4, width: 320, height: 180 });
  const [sandbox = '', service = ''] = blocksOf(await readDocument('docs/quick-start.md'), 'sh start');
  const env = { ...process.env, PORT: String(ports.service), WORKER_PORT: '0', DATA_DIR: join(folder, 'data') };
  for (const command of [`${sandbox.trim()} --port ${ports.sandbox}`, service]) {
    // A group of its own: npm is between us and the process.
    started.push(
      spawn('sh', ['-c', moved(command)], {
        cwd: rootPath('.'),
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
        detached: true,
      }),
    );
  }
  await answers(`http://127.0.0.1:${ports.sandbox}/healthz`);
  await answers(`http://127.0.0.1:${ports.service}/readyz`);
});

after(async () => {
  for (const child of started)
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  for (const child of started) if (child.exitCode === null) await once(child, 'exit');
  await rm(folder, { recursive: true, force: true });
});

test('every command of the guides does what it says', { timeout: 180_000 }, async (t) => {
  await cp(join(folder, 'demo-1.mp4'), join(folder, 'output/demo-1.mp4'));
  let script = 'set -eu\n';
  for (const [guide] of order) {
    const blocks = blocksOf(await readDocument(`docs/${guide}.md`), 'sh');
    assert.ok(blocks.length > 0, `${guide} has commands`);
    script += `echo "== ${guide}"\n${blocks.join('\n')}\n`;
  }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', moved(script)], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${rootPath('node_modules/.bin')}:${process.env['PATH']}` },
    timeout: 170_000,
  });
  t.diagnostic(stdout);
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  const parts = stdout.split(/^== (?:.*)\n/m).slice(1);
  for (const [at, [guide, prints]] of order.entries()) {
    const lines = (parts[at] ?? '').trimEnd().split('\n');
    for (const [line, wanted] of prints.entries())
      assert.match(lines[line] ?? '', wanted, `${guide}: ${lines.join(' | ')}`);
  }
});
