/** Lanes, order and max_credits (design §4 "Lanes", §5 "Order", §6) through the real service, in real processes. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { startSandbox, startService } from '../processes.ts';
import {
  getJson,
  postBatch,
  readLedger,
  readResults,
  serveClips,
  until,
  untilEnded,
  type BatchView,
  type ClipServer,
} from './world.ts';

let folder: string;
let clips: ClipServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-lanes-'));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'lanes' });
  clips = await serveClips(await readFile(clip));
});
after(async () => {
  clips.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(t: TestContext): Promise<{ api: string; sandbox: string }> {
  const sandbox = await startSandbox('--instant', '--copy', '--credits', '1000000');
  t.after(() => sandbox.kill());
  const service = await startService('all', {
    DATA_DIR: join(folder, t.name.slice(0, 8)),
    NEMO_API_URL: sandbox.address,
  });
  t.after(() => service.kill());
  return { api: service.address, sandbox: sandbox.address };
}

const filesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: clips.url(`clip-${index}.mp4`) } }));

test('runs a batch in as many sessions as it may have, one file after the other', async (t) => {
  const { api, sandbox } = await open(t);
  const { id } = await postBatch(api, {
    instructions: ['mute', 'trim the first 2 seconds'],
    files: filesOf(6),
    max_sessions: 2,
  });
  const batch = await untilEnded(api, id);
  const files = await readResults(api, id);
  assert.deepEqual(
    files.map(({ status, error }) => error?.code ?? status),
    Array.from({ length: 6 }, () => 'completed'),
  );
  assert.equal(batch.status, 'completed');
  const ledger = await readLedger(sandbox);
  assert.equal(ledger.sessions.length, 2);
  assert.deepEqual(
    ledger.sessions.map(({ charged }) => charged),
    [50, 50],
  );
  const texts = ledger.sessions.flatMap(({ turns }) => turns.map(({ text }) => text));
  assert.equal(texts.length, 12);
  assert.equal(new Set(texts).size, 12);
  assert.ok(texts.includes('Work on clip-3.mp4 alone, in place of what is on the timeline: mute'));
  assert.ok(texts.includes('clip-3.mp4: trim the first 2 seconds'));
});

test('holds back at max_credits, says so, and goes on when it is raised', async (t) => {
  const { api, sandbox } = await open(t);
  const { id } = await postBatch(api, { instructions: ['mute'], files: filesOf(4), max_credits: 100 });
  const blocked = await until('the batch is blocked', async () => {
    const batch = await getJson<BatchView & { blocked: { reason: string } | null }>(`${api}/batches/${id}`);
    return batch.status === 'blocked' ? batch : null;
  });
  assert.equal(blocked.blocked?.reason, 'max_credits');
  assert.equal(blocked.counts['completed'], 2);
  const resumed = await fetch(`${api}/batches/${id}/resume`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ max_credits: 200 }),
  });
  assert.equal(resumed.status, 202, await resumed.text());
  const done = await untilEnded(api, id);
  assert.equal(done.counts['completed'], 4);
  assert.equal((await readLedger(sandbox)).sessions.length, 4);
});
