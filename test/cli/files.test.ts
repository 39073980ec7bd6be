import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { createBatchView, takeFile } from '../../src/cli/batch-view.ts';
import { collectSources } from '../../src/cli/files/collect-sources.ts';
import { outputNames } from '../../src/cli/files/output-names.ts';
import { safeStem, sendableName } from '../../src/cli/files/safe-name.ts';
import { saveOutput } from '../../src/cli/files/save-output.ts';
import { aFile } from './resources.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-cli-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('makes names that cannot leave the folder, hide, or break a file system', () => {
  const names: [given: string, stem: string][] = [
    ['clip.mp4', 'clip'],
    ['../../etc/passwd.mp4', 'passwd'],
    ['..\\..\\boot.mov', 'boot'],
    ['..', 'video'],
    ['.hidden.mp4', 'hidden'],
    ['-rf.mp4', 'rf'],
    ['a\u0000b\nc:d?.mp4', 'a_b_c_d_'],
    ['safe\u202Egpj.mp4', 'safe_gpj'],
    ['CON.mp4', 'CON_'],
    ['   .mp4', 'video'],
    ['旅行.mp4', '旅行'],
    ['v1.2 final.mp4', 'v1.2 final'],
  ];
  for (const [given, stem] of names) assert.equal(safeStem(given), stem, JSON.stringify(given));
  assert.ok(Buffer.byteLength(safeStem(`${'旅'.repeat(300)}.mp4`)) <= 200);
});

test('sends names that the service takes', () => {
  assert.equal(sendableName('a/b\\c\n.mp4'), 'a_b_c_.mp4');
  const long = sendableName(`${'x'.repeat(400)}.webm`);
  assert.equal(long.length, 255);
  assert.ok(long.endsWith('.webm'));
});

test('gives each output of a batch a name of its own, whatever ends first', () => {
  const view = createBatchView();
  const names = ['B.mov', 'a.mp4', 'a.webm', 'A.mp4', 'a-2.mp4'];
  for (const index of [4, 2, 0, 3, 1]) takeFile(view, aFile(index, { name: names[index] ?? '' }));
  const chosen = outputNames(view);
  assert.deepEqual(
    names.map((_, index) => chosen.get(aFile(index).id)),
    ['B.mp4', 'a.mp4', 'a-2.mp4', 'A-3.mp4', 'a-2-2.mp4'],
  );
});

test('says of every path at once what is wrong with it', async () => {
  const own = join(folder, 'paths');
  await mkdir(join(own, 'empty'), { recursive: true });
  await writeFile(join(own, 'empty', 'logo.png'), 'x');
  await writeFile(join(own, 'notes.txt'), 'x');
  await writeFile(join(own, 'nothing.mp4'), '');
  await writeFile(join(own, 'huge.mp4'), '');
  await truncate(join(own, 'huge.mp4'), 600 * 1024 * 1024);
  const given = ['missing.mp4', 'empty', 'notes.txt', 'nothing.mp4', 'huge.mp4'].map((name) => join(own, name));
  const { sources, problems } = await collectSources([...given, 'ftp://example.com/a.mp4']);
  assert.deepEqual(sources, []);
  const expected = [
    /does not exist/,
    /without videos \(mp4/,
    /not supported.*mp4/,
    /is empty/,
    /limit is 500 MB/,
    /https/,
  ];
  assert.equal(problems.length, expected.length);
  for (const [index, pattern] of expected.entries()) assert.match(problems[index] ?? '', pattern);
});

test('takes the videos of a folder in natural order, and the same file once', async () => {
  const own = join(folder, 'clips');
  await mkdir(own);
  for (const name of ['clip10.mp4', 'clip2.MOV', 'logo.png', '.clip1.mp4.part']) await writeFile(join(own, name), 'x');
  const { sources, problems } = await collectSources([
    own,
    join(own, 'clip2.MOV'),
    'https://example.com/x/c.mp4?sig=1',
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    sources.map(({ name }) => name),
    ['clip2.MOV', 'clip10.mp4', 'c.mp4'],
  );
});

async function* bytesOf(...parts: (string | Error)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
  }
}
const { signal } = new AbortController();

test('leaves nothing behind of an output that was cut', async () => {
  const own = await mkdtemp(join(folder, 'cut-'));
  const options = { path: join(own, 'a.mp4'), mayReplace: false, signal };
  await assert.rejects(saveOutput(async () => ({ stream: bytesOf('abc', new Error('cut')), bytes: 6 }), options));
  await assert.rejects(saveOutput(async () => ({ stream: bytesOf('abc'), bytes: 6 }), options));
  assert.deepEqual(await readdir(own), []);
});

test('never replaces a file that is there, unless told to', async () => {
  const own = await mkdtemp(join(folder, 'keep-'));
  const path = join(own, 'a.mp4');
  await writeFile(path, 'mine');
  const open = async () => ({ stream: bytesOf('new'), bytes: 3 });
  assert.equal(await saveOutput(open, { path, mayReplace: false, signal }), false);
  assert.equal(await readFile(path, 'utf8'), 'mine');
  assert.equal(await saveOutput(open, { path, mayReplace: true, signal }), true);
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.deepEqual(await readdir(own), [basename(path)]);
});

test(
  'says so when a file cannot be read',
  { skip: process.getuid?.() === 0 ? 'root reads everything' : false },
  async () => {
    const path = join(folder, 'locked.mp4');
    await writeFile(path, 'x');
    await chmod(path, 0);
    assert.match((await collectSources([path])).problems[0] ?? '', /no permission/);
  },
);
