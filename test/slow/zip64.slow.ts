/** Archives beyond the limits of the plain form (65,535 members, offsets of 4 GiB), read back by yauzl and by Python. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import { zipOf, type ZipMember } from '../../src/api/zip-stream.ts';

const run = promisify(execFile);
const now = new Date('2026-01-05T09:00:00Z');
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-zip64-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const zeros = Buffer.alloc(50_000_000);

/** Zeros are left out of the file, which reads them all the same: gigabytes that take no disk. */
async function writeSparse(path: string, pieces: AsyncIterable<Buffer>): Promise<number> {
  const file = await open(path, 'w');
  let [at, held, heldBytes]: [number, Buffer[], number] = [0, [], 0];
  const flush = async (): Promise<void> => {
    await file.write(Buffer.concat(held), 0, heldBytes, at - heldBytes);
    [held, heldBytes] = [[], 0];
  };
  for await (const piece of pieces) {
    if (piece === zeros || heldBytes > 1_000_000) await flush();
    if (piece !== zeros) {
      held.push(piece);
      heldBytes += piece.length;
    }
    at += piece.length;
  }
  await flush();
  await file.truncate(at);
  await file.close();
  return at;
}

/** What Python finds: how many members, and the bytes of the last one, whose checksum it checks on the way. */
async function readWithPython(path: string): Promise<{ count: number; last: string; text: string; offset: number }> {
  const program = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
last = z.infolist()[-1]
print(json.dumps({"count": len(z.infolist()), "last": last.filename, "text": z.read(last).decode(), "offset": last.header_offset}))`;
  const { stdout } = await run('python3', ['-c', program, path]);
  return JSON.parse(stdout);
}

async function readWithYauzl(path: string): Promise<{ names: Set<string>; text: string }> {
  const opened = await openPromise(path, { lazyEntries: true, autoClose: false });
  const names = new Set<string>();
  let text = '';
  for await (const entry of opened.eachEntry()) {
    names.add(entry.fileName);
    if (names.size < opened.entryCount) continue;
    for await (const chunk of await opened.openReadStreamPromise(entry)) text += String(chunk);
  }
  opened.close();
  return { names, text };
}

async function* once(piece: Buffer): AsyncGenerator<Buffer> {
  yield piece;
}

test('an archive of 70,000 members is whole', { timeout: 120_000 }, async () => {
  const members = async function* (): AsyncGenerator<ZipMember> {
    for (let at = 0; at < 70_000; at += 1) yield { name: `${at}-ä.mp4`, pieces: once(Buffer.from(`member ${at}`)) };
  };
  const path = join(folder, 'many.zip');
  await writeSparse(path, zipOf(members(), now));
  const { names, text } = await readWithYauzl(path);
  assert.equal(names.size, 70_000);
  assert.equal(text, 'member 69999');
  const { count, last, text: seen } = await readWithPython(path);
  assert.deepEqual([count, last, seen], [70_000, '69999-ä.mp4', 'member 69999']);
});

test('an archive of 65,535 members, which is the first to need it, is whole', { timeout: 120_000 }, async () => {
  const members = async function* (): AsyncGenerator<ZipMember> {
    for (let at = 0; at < 65_535; at += 1) yield { name: `${at}`, pieces: once(Buffer.from('x')) };
  };
  const path = join(folder, 'limit.zip');
  await writeSparse(path, zipOf(members(), now));
  assert.equal((await readWithPython(path)).count, 65_535);
});

test('a member that begins beyond 4 GiB is found, whole', { timeout: 120_000 }, async () => {
  const large = async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < 10; at += 1) yield zeros;
  };
  const members = async function* (): AsyncGenerator<ZipMember> {
    for (let at = 0; at < 9; at += 1) yield { name: `${at}.mp4`, pieces: large() };
    yield { name: 'far.mp4', pieces: once(Buffer.from('found')) };
    yield { name: 'manifest.ndjson', pieces: once(Buffer.from('{"last":true}')) };
  };
  const path = join(folder, 'large.zip');
  const bytes = await writeSparse(path, zipOf(members(), now));
  assert.ok(bytes > 4.5e9);
  const { names, text } = await readWithYauzl(path);
  assert.equal(names.size, 11);
  assert.equal(text, '{"last":true}');
  const found = await readWithPython(path);
  assert.deepEqual([found.count, found.last, found.text], [11, 'manifest.ndjson', '{"last":true}']);
  assert.ok(found.offset > 2 ** 32, `it begins at ${found.offset}`);
});
