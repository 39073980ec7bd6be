/**
 * Clocks that are an hour off, from the start or from one moment to the next, and releases side by side: real processes,
 * real books. What must hold is what always holds: all ends well, paid once, told once, in about the same time.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext as T } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import {
  assertPaidOnce,
  getJson,
  postBatch,
  readLedger,
  readResults,
  serveClips,
  until,
  untilEnded,
  type BatchView,
} from '../end-to-end/world.ts';
import { startSandbox, startService, type Started } from '../processes.ts';
import { openTestRedis } from '../redis-server.ts';

const hour = 3_600_000;
const count = 12;
const instructions = ['trim the first 3 seconds', 'mute'];

interface Told {
  readonly at: number;
  readonly type: string;
  readonly id: string;
  readonly timestamp: number;
}

/** Refuses each delivery twice. */
async function openReceiver(t: T): Promise<{ url: string; told: Told[] }> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { type } = JSON.parse(Buffer.concat(chunks).toString()) as { type: string };
      const id = String(request.headers['webhook-id']);
      told.push({ at: Date.now(), type, id, timestamp: Number(request.headers['webhook-timestamp']) * 1000 });
      response.statusCode = told.filter((other) => other.id === id).length <= 2 ? 500 : 204;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told };
}

interface Member {
  readonly role: 'api' | 'worker';
  readonly shiftMs?: number;
  readonly preload?: string;
}

interface Fleet {
  readonly api: string;
  readonly sandbox: string;
  readonly processes: readonly Started[];
  readonly early: () => number;
  readonly post: () => Promise<BatchView>;
  readonly told: readonly Told[];
}

async function openFleet(t: T, members: readonly Member[]): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-clocks-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'clocks' });
  const clips = await serveClips(await readFile(clip));
  t.after(clips.close);
  const redis = await openTestRedis();
  t.after(redis.close);
  const sandbox = await startSandbox('--time-scale', '20', '--copy', '--credits', '1000000');
  t.after(() => sandbox.kill());
  const receiver = await openReceiver(t);
  let early = 0;
  const env = {
    REDIS_URL: redis.url,
    NEMO_API_URL: sandbox.address,
    DATA_DIR: folder,
    EDIT_SETTLE_MS: '500',
    RENDER_POLL_MS: '700',
    WEBHOOK_RETRY_MS: '0,1500,1500,60000',
  };
  const processes: Started[] = [];
  t.after(() => Promise.all(processes.map((process) => process.kill())));
  for (const { role, shiftMs = 0, preload = 'shift-clock.ts' } of members) {
    const onLine = (line: string): void => void (line.includes('"run came early"') && (early += 1));
    const options = { preload, onLine };
    processes.push(await startService(role, { ...env, CLOCK_SHIFT_MS: String(shiftMs) }, options));
  }
  const api = processes[0]?.address ?? '';
  const files = Array.from({ length: count }, (_, index) => ({ source: { url: clips.url(`clip-${index}.mp4`) } }));
  const webhook = { url: receiver.url, events: ['batch.completed'] };
  const post = (): Promise<BatchView> => postBatch(api, { instructions, files, webhook });
  return { api, sandbox: sandbox.address, processes, early: () => early, post, told: receiver.told };
}

async function endsWell(t: T, fleet: Fleet, batch: BatchView, began: number): Promise<void> {
  const done = await untilEnded(fleet.api, batch.id, 90_000);
  t.diagnostic(`${Math.round(performance.now() - began)} ms, ${fleet.early()} runs came early`);
  const files = await readResults(fleet.api, batch.id);
  assert.equal(done.counts['completed'], count, JSON.stringify(files.map(({ error }) => error)));
  assertPaidOnce(await readLedger(fleet.sandbox), files, instructions);
  const deliveries = await until(
    'the webhook is taken',
    async () => {
      const page = await getJson<{ data: { status: string; attempts: { duration_ms: number }[] }[] }>(
        `${fleet.api}/webhook-deliveries`,
      );
      return page.data.every(({ status }) => status === 'delivered') ? page.data : null;
    },
    30_000,
  );
  assert.equal(deliveries.length, 1);
  assert.ok(deliveries[0]?.attempts.every(({ duration_ms }) => duration_ms >= 0 && duration_ms < 60_000));
  assert.equal(fleet.told.length, 3, 'the third attempt was taken');
  for (const [at, { at: when, timestamp }] of fleet.told.entries()) {
    assert.ok(Math.abs(when - timestamp) < 60_000, 'signed with a time that receivers believe');
    const last = fleet.told[at - 1];
    if (last !== undefined) assert.ok(when - last.at > 1000, `${when - last.at} ms between attempts`);
  }
  // A run that came early and was delayed again would come back over and over.
  assert.ok(fleet.early() < count * 60, `${fleet.early()} runs came early`);
}

for (const shiftMs of [hour, -hour]) {
  const word = shiftMs > 0 ? 'ahead' : 'behind';
  test(`ends a batch beside a worker whose clock is an hour ${word}`, async (t) => {
    const fleet = await openFleet(t, [{ role: 'api' }, { role: 'worker' }, { role: 'worker', shiftMs }]);
    const began = performance.now();
    await endsWell(t, fleet, await fleet.post(), began);
  });

  test(`ends a batch where API and the only worker are an hour ${word} of Redis`, async (t) => {
    const fleet = await openFleet(t, [
      { role: 'api', shiftMs },
      { role: 'worker', shiftMs },
    ]);
    const began = performance.now();
    const batch = await fleet.post();
    const { created_at } = await getJson<{ created_at: string }>(`${fleet.api}/batches/${batch.id}`);
    assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000, created_at);
    await endsWell(t, fleet, batch, began);
  });
}

test('ends a batch while the clock of a worker jumps forth and back', async (t) => {
  const fleet = await openFleet(t, [{ role: 'api' }, { role: 'worker' }, { role: 'worker' }]);
  const began = performance.now();
  const batch = await fleet.post();
  const some = (done: number) => async (): Promise<true | null> => {
    const { counts } = await getJson<BatchView>(`${fleet.api}/batches/${batch.id}`);
    return (counts['rendering'] ?? 0) + (counts['completed'] ?? 0) >= done ? true : null;
  };
  const [, one, two] = fleet.processes;
  await until('it is on its way', some(1));
  one?.child.send(hour);
  two?.child.send(-hour);
  await until('it goes on', some(count / 2), 60_000);
  one?.child.send(-hour);
  two?.child.send(hour);
  await endsWell(t, fleet, batch, began);
});

test('ends a batch with a worker of this release and one of the next beside it', async (t) => {
  const fleet = await openFleet(t, [
    { role: 'api' },
    { role: 'worker' },
    { role: 'worker', preload: 'newer-release.ts' },
  ]);
  const began = performance.now();
  await endsWell(t, fleet, await fleet.post(), began);
});
