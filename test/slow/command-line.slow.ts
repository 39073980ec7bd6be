/** The command against the real service and the sandbox: real processes, real uploads, real downloads. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openClient, type OpenedClient } from '../../src/cli/open-client.ts';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { until } from '../end-to-end/world.ts';
import { startSandbox, startService, type Started } from '../processes.ts';
import { createInterrupt, createStream, runAs } from '../cli/terminal.ts';

let folder: string;
let sandbox: Started;
let service: Started;
let client: OpenedClient;
/** Runs the command against this service. */
const run = (args: readonly string[], changes = {}) => runAs(['--url', service.address, ...args], changes);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-cli-real-'));
  await makeClip({ path: join(folder, 'in', 'a.mp4'), seconds: 4, width: 160, height: 90 });
  await writeFile(join(folder, 'in', 'b.mp4'), await readFile(join(folder, 'in', 'a.mp4')));
  sandbox = await startSandbox('--instant', '--copy', '--credits', '100000');
  service = await startService('all', { DATA_DIR: join(folder, 'data'), NEMO_API_URL: sandbox.address });
  client = openClient({ url: service.address });
});
after(async () => {
  await client.close();
  await service.kill();
  await sandbox.kill();
  await rm(folder, { recursive: true, force: true });
});

const records = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

async function runOnce(out: string): Promise<string> {
  const given = [
    'run',
    join(folder, 'in'),
    '-i',
    'trim the first 1 second',
    '--out',
    out,
    '--name',
    'spring',
    '--json',
  ];
  const { exitCode, out: text, err } = await run(given);
  assert.deepEqual([exitCode, err], [0, '']);
  return String(records(text).at(-1)?.['batch_id']);
}

test('sends a folder, follows the work and saves every output', async () => {
  const out = join(folder, 'first');
  const {
    exitCode,
    out: text,
    err,
  } = await run(['run', join(folder, 'in'), '-i', 'trim the first 1 second', '--out', out]);
  assert.deepEqual([exitCode, err], [0, '']);
  assert.deepEqual((await readdir(out)).sort(), ['a.mp4', 'b.mp4']);
  assert.deepEqual(await readFile(join(out, 'a.mp4')), await readFile(join(folder, 'in', 'a.mp4')));
  const lines = text.split('\n');
  assert.deepEqual(lines.slice(0, 2), ['Connecting…', 'Ready']);
  for (const line of ['a.mp4: done', 'b.mp4: done', 'Batch: done', `Saved 2 videos in ${out}/`]) {
    assert.ok(lines.includes(line), `${line} in\n${text}`);
  }
});

test('never replaces the sources, nor what an earlier run has saved', async () => {
  const own = join(folder, 'same');
  await mkdir(own);
  const source = await readFile(join(folder, 'in', 'a.mp4'));
  await writeFile(join(own, 'a.mp4'), source);
  await writeFile(join(own, 'a-2.mp4'), 'mine');
  const given = ['run', join(own, 'a.mp4'), '-i', 'mute', '--out', own];
  assert.equal((await run(given)).exitCode, 0);
  assert.equal((await run([...given, '--overwrite'])).exitCode, 0);
  assert.deepEqual(await readFile(join(own, 'a.mp4')), source);
  assert.deepEqual((await readdir(own)).sort(), ['a-2.mp4', 'a-3.mp4', 'a.mp4']);
});

test('watches a batch that has ended and takes what is saved already as saved', async () => {
  const out = join(folder, 'again');
  const id = await runOnce(out);
  await rm(join(out, 'b.mp4'));
  const { exitCode } = await run(['watch', id, '--out', out]);
  assert.equal(exitCode, 0);
  assert.deepEqual((await readdir(out)).sort(), ['a.mp4', 'b.mp4']);
});

test('lists, shows and asks, as text and as JSON', async () => {
  const id = await runOnce(join(folder, 'asked'));
  assert.match((await run(['list'])).out, new RegExp(`^${id}  spring +done .* 2 of 2 done\n`));
  const shown = records((await run(['show', id, '--json'])).out);
  assert.deepEqual(
    shown.map(({ type }) => type),
    ['batch', 'file', 'file'],
  );
  assert.match((await run(['show', id])).out, /\nb\.mp4 +100% {2}done {2}fil_/);
  assert.match((await run(['credits'])).out, /credits available/);
  const results: string[] = [];
  for await (const file of client.batches.results(id)) results.push(file.name);
  assert.deepEqual(results, ['a.mp4', 'b.mp4']);
  const nothing = await run(['retry', id]);
  assert.match(nothing.out, /nothing to try again/);
  assert.equal((await run(['cancel', id])).exitCode, 2);
});

test('talks to a finished file by its id, or by its name after its batch', async () => {
  const id = await runOnce(join(folder, 'said'));
  const [file] = (await client.batches.files(id, { limit: 1 }).page()).data;
  assert.ok(file);
  assert.match((await run(['say', file.id, 'show tracks'])).out, /^Timeline/);
  assert.match((await run(['say', id, 'b.mp4', 'credits'])).out, /credits available/);
  assert.equal((await run(['say', id, 'c.mp4', 'credits'])).exitCode, 2);
  const out = join(folder, 'said-more');
  const edited = await run(['say', file.id, 'mute the audio', '--out', out]);
  assert.deepEqual([edited.exitCode, edited.err], [0, '']);
  assert.deepEqual(await readdir(out), ['a.mp4']);
});

test('exits with 1 and names the file that failed', async () => {
  const bad = join(folder, 'bad.mp4');
  // The first bytes of a video and nothing after them: the service takes it, the editor cannot.
  await writeFile(bad, (await readFile(join(folder, 'in', 'a.mp4'))).subarray(0, 64));
  const { exitCode, out } = await run([
    'run',
    bad,
    '-i',
    'do something that nobody understands',
    '--out',
    join(folder, 'none'),
  ]);
  assert.equal(exitCode, 1);
  assert.match(out, /\n {2}bad\.mp4: failed: /);
});

test('asks once at Ctrl-C, then leaves the batch running and says how to come back', async () => {
  const slow = await fetch(`${sandbox.address}/admin/config`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ timeScale: 5 }),
  });
  assert.equal(slow.status, 200);
  const [interrupt, stdout] = [createInterrupt(), createStream()];
  const leaving = run(['run', join(folder, 'in', 'a.mp4'), '-i', 'mute', '--out', join(folder, 'left')], {
    interrupt,
    stdout,
  });
  await until('it edits', async () => (stdout.text().includes('a.mp4: editing') ? true : null));
  interrupt.press();
  assert.match(stdout.text(), /Leave it running\?/);
  interrupt.press();
  assert.equal((await leaving).exitCode, 130);
  const [, id = ''] = /watch (bat_\w+) --out/.exec(stdout.text()) ?? [];
  assert.equal((await client.batches.get(id)).status, 'processing');
  assert.match((await run(['cancel', id])).out, /canceled/);
});
