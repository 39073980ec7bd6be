/** Much at once, on a real API process: memory and event loop are looked at from outside, as an operator would. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, test, type TestContext as T } from 'node:test';
import { createResources } from '../../src/shared/resources.ts';
import { getJson, until } from '../end-to-end/world.ts';
import { startService, type Started } from '../processes.ts';
import { newPrefix, openTestRedis, silentLog } from '../redis-server.ts';

const resources = createResources();
let folder: string;
let process: Started;
let api: string;
let environment: Record<string, string>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-limits-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const redis = await openTestRedis();
  resources.add('redis', redis.close);
  environment = { REDIS_URL: redis.url, REDIS_PREFIX: newPrefix(), NEMO_API_URL: 'http://127.0.0.1:9' };
  process = await startService('api', { ...environment, DATA_DIR: folder });
  resources.add('api', () => process.kill());
  api = process.address;
});
after(() => resources.closeAll(silentLog));

const json = { 'content-type': 'application/json' };
const post = async (body: string): Promise<number> => {
  const answer = await fetch(`${api}/batches`, { method: 'POST', headers: json, body });
  await answer.arrayBuffer();
  return answer.status;
};
const batchOf = (files: number): string =>
  JSON.stringify({
    instructions: ['trim the first 3 seconds', 'mute'],
    files: Array.from({ length: files }, (_, index) => ({
      source: { url: `https://cdn.example.com/videos/${index}/clip.mp4?signature=${'x'.repeat(60)}` },
      custom_id: `sku-${index}`,
      metadata: { index },
    })),
  });

/** Megabytes that the process holds now, and the longest time its event loop stood still since the last look. */
async function look(): Promise<{ rssMb: number; lagMs: number }> {
  const status = await readFile(`/proc/${process.child.pid}/status`, 'utf8');
  const figures = await (await fetch(`${api}/metrics`)).text();
  const lag = /^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(figures)?.[1];
  return { rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, lagMs: Number(lag) * 1000 };
}

/** Does `work` while asking for a page every 20 ms, and tells what that cost everybody. */
async function measured(t: T, what: string, work: () => Promise<void>): Promise<{ grewMb: number; slowestMs: number }> {
  const before = await look();
  let most = before;
  let slowestMs = 0;
  const stop = new AbortController();
  const asking = (async () => {
    while (!stop.signal.aborted) {
      const startedAt = performance.now();
      await getJson(`${api}/batches?limit=1`);
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      const seen = await look();
      most = { rssMb: Math.max(most.rssMb, seen.rssMb), lagMs: Math.max(most.lagMs, seen.lagMs) };
      await delay(20);
    }
  })();
  const startedAt = performance.now();
  await work();
  const tookMs = performance.now() - startedAt;
  stop.abort();
  await asking;
  const grewMb = most.rssMb - before.rssMb;
  const figures = [`${Math.round(tookMs)} ms`, `+${Math.round(grewMb)} MB`, `loop stood ${Math.round(most.lagMs)} ms`];
  t.diagnostic(`${what}: ${figures.join(', ')}, slowest page ${Math.round(slowestMs)} ms`);
  return { grewMb, slowestMs };
}

test('takes 50,000 files in one request, and serves others meanwhile', async (t) => {
  const body = batchOf(50_000);
  const { grewMb, slowestMs } = await measured(t, '50,000 files', async () => assert.equal(await post(body), 202));
  assert.ok(grewMb < 600 && slowestMs < 5000);
  const again = await measured(t, 'and again', async () => assert.equal(await post(body), 202));
  assert.ok(again.grewMb < 400, 'it does not add up');
});

test('takes 1,000 batches at once', async (t) => {
  const body = batchOf(3);
  const { slowestMs } = await measured(t, '1,000 batches', async () => {
    const statuses = await Promise.all(Array.from({ length: 1000 }, () => post(body)));
    assert.deepEqual([...new Set(statuses)], [202]);
  });
  assert.ok(slowestMs < 30_000);
});

/** An MP4 by its first bytes, made as it is sent. */
function clipOf(bytes: number): ReadableStream {
  const piece = new Uint8Array(65_536);
  let sent = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (sent >= bytes) return controller.close();
      const next = sent === 0 ? Uint8Array.from(piece) : piece;
      if (sent === 0) next.set(Buffer.from('\0\0\0\x18ftypisom', 'latin1'));
      sent += piece.length;
      controller.enqueue(next);
    },
  });
}
const upload = (address: string, bytes: number, signal?: AbortSignal) =>
  fetch(`${address}/uploads?name=a.mp4`, {
    method: 'POST',
    body: clipOf(bytes),
    duplex: 'half',
    ...(signal === undefined ? {} : { signal }),
  });
const uploadsIn = async (path: string): Promise<string[]> =>
  (await readdir(path)).filter((name) => name.startsWith('upl_'));

test('takes 20 uploads at once in flat memory, and leaves nothing of 20 that are cut', async (t) => {
  const bytes = 20 * 1024 * 1024;
  const path = join(folder, 'uploads');
  const { grewMb } = await measured(t, '20 uploads of 20 MB', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => upload(api, bytes)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
  });
  assert.ok(grewMb < 200, `400 MB went through, and ${grewMb} MB stayed`);
  assert.equal((await uploadsIn(path)).length, 20);
  const cut = new AbortController();
  const cutOnes = Array.from({ length: 20 }, () => upload(api, 2 ** 30, cut.signal).catch(() => null));
  await until('all have begun', async () => ((await uploadsIn(path)).length === 40 ? true : null));
  cut.abort();
  await Promise.all(cutOnes);
  await until('nothing is left of them', async () => ((await uploadsIn(path)).length === 20 ? true : null));
});

test('answers 507 on a disk that is really full, and goes on when there is room', async (t) => {
  const small = join(folder, 'small');
  await mkdir(small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', small]).status === 0;
  if (!mounted) return t.skip('no small file system can be mounted here');
  t.after(() => spawnSync('umount', [small]));
  const other = await startService('api', { ...environment, DATA_DIR: join(folder, 'other'), UPLOAD_DIR: small });
  try {
    const full = await upload(other.address, 5_000_000);
    assert.equal(full.status, 507);
    assert.equal(((await full.json()) as { code: string }).code, 'storage_full');
    assert.deepEqual(await uploadsIn(small), []);
    assert.equal((await upload(other.address, 1_000_000)).status, 201);
  } finally {
    await other.kill();
  }
});

test('cuts 300 clients that send a byte at a time, and serves others meanwhile', async (t) => {
  const port = Number(new URL(api).port);
  const beginnings = [
    'GET /batches HTTP/1.1\r\nHost: x\r\nX-A: ',
    'POST /batches HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n{',
    'POST /uploads?name=a.mp4 HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n\0',
  ];
  const startedAt = performance.now();
  const trickle = (beginning: string): Promise<{ ms: number; status: string | undefined }> => {
    const { promise, resolve } = Promise.withResolvers<{ ms: number; status: string | undefined }>();
    const socket = connect(port, '127.0.0.1', () => socket.write(beginning));
    let text = '';
    const timer = setInterval(() => socket.writable && socket.write(' '), 1000);
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ ms: performance.now() - startedAt, status: /^HTTP\/1.1 (\d+)/.exec(text)?.[1] });
    });
    return promise;
  };
  await measured(t, '300 slow clients', async () => {
    const ends = await Promise.all(beginnings.flatMap((text) => Array.from({ length: 100 }, () => trickle(text))));
    assert.deepEqual([...new Set(ends.map(({ status }) => status))], ['408']);
    const slowest = Math.max(...ends.map(({ ms }) => ms));
    t.diagnostic(`headers cut after ${Math.round(ends[0]?.ms ?? 0)} ms, the last body after ${Math.round(slowest)} ms`);
    assert.ok(slowest < 60_000);
  });
});
