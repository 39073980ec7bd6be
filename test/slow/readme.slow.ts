/** The commands and the code of README and of the sandbox's README, as they stand there, with addresses that are free here. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { after, before, test } from 'node:test';
import { freePort } from '../../scripts/chaos/free-port.ts';
import { makeClip, makeLogo } from '../../src/sandbox/make-clips.ts';
import { blocksOf, readDocument, rootPath } from '../docs/document.ts';
import { serveClips, until, type ClipServer } from '../end-to-end/world.ts';

let readme: string;
let folder: string;
let clips: ClipServer;
let ports: { readonly sandbox: number; readonly service: number; readonly receiver: number };
const started: ChildProcess[] = [];

const moved = (text: string): string =>
  text
    .replaceAll('127.0.0.1:4010', `127.0.0.1:${ports.sandbox}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${ports.service}`)
    .replaceAll('127.0.0.1:9099', `127.0.0.1:${ports.receiver}`)
    .replaceAll('listen(9099)', `listen(${ports.receiver}, '127.0.0.1')`)
    // Nobody else's server is asked by a test.
    .replaceAll('https://example.com/c.mp4', clips.url('c.mp4'))
    .replaceAll('https://example.com/put', clips.url('put'));

/** A group of its own: npm is between us and the process. */
function start(text: string, cwd: string, stdout: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  const env = { ...process.env, PORT: String(ports.service), WORKER_PORT: '0', DATA_DIR: join(folder, 'data') };
  const child = spawn('sh', ['-c', text], { cwd, env, stdio: ['ignore', stdout, 'inherit'], detached: true });
  started.push(child);
  return child;
}
const answers = (url: string): Promise<true> => until(`${url} answers`, async () => (await fetch(url)).ok || null, 60_000); // prettier-ignore

before(async () => {
  readme = await readDocument('README.md');
  ports = { sandbox: await freePort(), service: await freePort(), receiver: await freePort() };
  // Within the project, so that packages are found.
  folder = await mkdtemp(join(rootPath('node_modules'), '.readme-'));
  await mkdir(join(folder, 'output'));
  await mkdir(join(folder, 'clips'));
  const clip = join(folder, 'output/demo-1.mp4');
  await makeClip({ path: clip, seconds: 5, width: 320, height: 180, label: 'readme' });
  for (const copy of ['a.mp4', 'clips/b.mp4']) await copyFile(clip, join(folder, copy));
  await makeLogo({ path: join(folder, 'logo.png') });
  clips = await serveClips(await readFile(clip));
  const [sandbox = '', service = ''] = blocksOf(readme, 'sh start');
  start(`${sandbox.trim()} --port ${ports.sandbox}`, rootPath('.'));
  start(moved(service), rootPath('.'));
  const [receiver = ''] = blocksOf(readme, 'js');
  await writeFile(join(folder, 'receiver.mjs'), moved(receiver));
  await answers(`http://127.0.0.1:${ports.sandbox}/healthz`);
  await answers(`http://127.0.0.1:${ports.service}/readyz`);
});

after(async () => {
  for (const child of started) {
    if (child.pid === undefined || child.exitCode !== null) continue;
    const ended = once(child, 'exit');
    process.kill(-child.pid, 'SIGTERM');
    await ended;
  }
  clips.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}
/** This process goes on meanwhile: it serves clips. */
function run(command: string, args: readonly string[], cwd: string, more: Record<string, string> = {}): Promise<Ended> {
  const options = { cwd, env: { ...process.env, ...more }, timeout: 100_000, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(command, [...args], options, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
  });
}

/** What the commands print; what curl was answered, one line a call, is on its standard error. */
function type(text: string): Promise<Ended> {
  const watched = `curl() { command curl -w '%{stderr}%{http_code} %{method} %{url_effective}\\n' "$@"; }\n`;
  return run('bash', ['-c', watched + moved(text)], folder);
}

test('every call of the README is answered', { timeout: 180_000 }, async (t) => {
  const receiver = start('exec node receiver.mjs', folder, 'pipe');
  const told: string[] = [];
  receiver.stdout?.on('data', (chunk: Buffer) => told.push(chunk.toString()));
  const blocks = blocksOf(readme, 'sh');
  assert.equal(blocks.length, 5);
  const { out, err } = await type(blocks.join('\n'));
  const calls = err.match(/^\d{3} (?:GET|POST) \S+$/gm) ?? [];
  t.diagnostic(calls.join('\n'));
  const written = blocks.join('\n').match(/\bcurl /g) ?? [];
  assert.ok(calls.length >= written.length, `${calls.length} answers to ${written.length} calls\n${err}`);
  const refused = calls.filter((call) => !call.startsWith('2'));
  // The output is asked for until it is there.
  const expected = refused.filter((call) => /^409 GET \S+\/content$/.test(call));
  assert.deepEqual(refused, expected, `${out}\n${err}`);
  assert.match((await readFile(join(folder, 'output/edited.mp4'))).toString('latin1', 4, 8), /ftyp/);
  assert.match((await readFile(join(folder, 'output/batch.zip'))).toString('latin1', 0, 2), /PK/);
  await until('the receiver was told', async () => (/batch\.completed/.test(told.join('')) ? true : null));
  assert.match(told.join(''), /webhook\.test/);
});

test('the command line does what the README says', { timeout: 120_000 }, async () => {
  const [text = ''] = blocksOf(readme, 'sh command-line');
  for (const line of text.trim().split('\n')) {
    const command = moved(line).replace('bin/batch-video.js', rootPath('bin/batch-video.js'));
    const { status, out, err } = await run('sh', ['-c', command], folder, {
      BATCH_VIDEO_URL: `http://127.0.0.1:${ports.service}`,
    });
    assert.equal(status, 0, `${line}\n${out}\n${err}`);
  }
  for (const path of ['output/b.mp4', 'vertical/a.mp4', 'vertical/c.mp4'])
    assert.equal((await readFile(join(folder, path))).toString('latin1', 4, 8), 'ftyp', path);
});

async function runModule(code: string, cwd: string): Promise<string> {
  const { status, out, err } = await run(execPath, ['--input-type=module-typescript', '--eval', code], cwd);
  assert.equal(status, 0, err);
  return out;
}

test('the client does what the README says', async () => {
  const [text = ''] = blocksOf(readme, 'ts');
  const given = `import { createReadStream } from 'node:fs';\nconst [key, file] = ['', createReadStream('a.mp4')];\n`;
  const client = rootPath('src/client/main.ts');
  const out = await runModule(given + moved(text).replace("'batch-video/client'", `'${client}'`), folder);
  assert.equal(out.trim(), 'clip.mp4 completed');
});

test('the sandbox starts as its README says, as a process and within one', async (t) => {
  const text = await readDocument('src/sandbox/README.md');
  const [command = ''] = blocksOf(text, 'sh');
  const port = await freePort();
  const [line = '', prints = ''] = command.trim().split('\n');
  const child = start(`exec ${line.replace('4010', String(port))}`, rootPath('.'), 'pipe');
  const told: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => told.push(chunk.toString()));
  const wanted = prints.replace('# → ', '').replace('4010', String(port));
  await until('it says where it is', async () => (told.join('').includes(wanted) ? true : null));
  t.diagnostic(wanted);
  const [code = ''] = blocksOf(text, 'ts');
  const more = code.replace('// sandbox.url', 'console.log(sandbox.url, sandbox.ledger().sessions.length);\n// ');
  assert.match(await runModule(more.replace('../src', rootPath('src')), folder), /^http:\S+ 0\n$/);
});

test('the demo makes its MP4s', { timeout: 120_000 }, async () => {
  const commands = /^## Quick start\n\n((?: {4}.*\n)+)/m.exec(readme)?.[1]?.trim().split(/\n\s*/);
  // The second one is what runs this.
  assert.deepEqual(commands, ['npm run demo', 'npm test']);
  const { status, out, err } = await run('npm', ['run', 'demo'], rootPath('.'));
  assert.equal(status, 0, `${out}\n${err}`);
  assert.match(out, /✓ output\/demo-3\.mp4/);
});
