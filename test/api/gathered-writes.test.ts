import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gatherWrites } from '../../src/api/gathered-writes.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('every byte lies in the file in its order, whatever the sizes of the pieces', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bv-test-'));
  const path = join(folder, 'file');
  try {
    const pieces = Array.from({ length: 200 }, (_, at) => randomBytes(1 + ((at * 7919) % 100_000)));
    const all = sha256(Buffer.concat(pieces));
    const handle = await open(path, 'w');
    const writes = gatherWrites(handle);
    for (const piece of pieces) await writes.write(piece);
    await writes.end();
    await handle.close();
    assert.equal(sha256(await readFile(path)), all);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a part of something larger is left as it is, for who else reads it', async () => {
  const handle = await open('/dev/null', 'w');
  const writes = gatherWrites(handle);
  const whole = randomBytes(100_000);
  const before = sha256(whole);
  await writes.write(whole.subarray(0, 50_000));
  await writes.write(whole.subarray(50_000));
  await writes.end();
  await handle.close();
  assert.equal(sha256(whole), before);
});

test('a write that failed is told at the end, and to who waits for room', async () => {
  // A device that is always full.
  const handle = await open('/dev/full', 'w');
  const writes = gatherWrites(handle);
  await writes.write(randomBytes(1024));
  await assert.rejects(async () => {
    for (let at = 0; at < 20; at += 1) await writes.write(randomBytes(100_000));
  }, /ENOSPC/);
  await assert.rejects(writes.end(), /ENOSPC/);
  await handle.close();
});
