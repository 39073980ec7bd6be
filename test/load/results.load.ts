/** NDJSON, CSV and ZIP of 50,000 files out of a process of its own: complete, and with flat memory. */
import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { request } from 'undici';
import { openPromise } from 'yauzl';
import { fileId } from '../../src/shared/ids.ts';
import { aBatch } from '../api/open-test-api.ts';
import { openTestContext } from '../open-test-context.ts';
import { startService } from '../processes.ts';
import { newPrefix, openTestRedis } from '../redis-server.ts';
import { completing, tell } from '../shared/webhook/open-webhook-context.ts';

const files = 50_000;
const mostGrownMb = 64;
const outputBytes = 2000;

/** Of another process (Linux), in MB. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000;
}

/** The most that it takes while the work goes on. */
async function watchMemory(pid: number, work: () => Promise<void>): Promise<number> {
  let most = await residentMb(pid);
  const timer = setInterval(() => void residentMb(pid).then((now) => (most = Math.max(most, now))), 100);
  await work().finally(() => clearInterval(timer));
  return Math.max(most, await residentMb(pid));
}

/** Every file once, in its place: `indexOf` reads the index off a line. */
async function readAll(body: Readable, indexOf: (line: string) => string | undefined): Promise<number> {
  let next = 0;
  for await (const line of createInterface({ input: body })) {
    const index = indexOf(line);
    if (index === undefined) continue;
    assert.equal(Number(index), next, line.slice(0, 200));
    next += 1;
  }
  return next;
}

test('results, table and archive of 50,000 files take no memory to speak of', { timeout: 280_000 }, async (t) => {
  const place = await mkdtemp(join(tmpdir(), 'bv-results-'));
  t.after(() => rm(place, { recursive: true, force: true }));
  const redis = await openTestRedis();
  const outputs = createServer((_request, response) => response.end(Buffer.alloc(outputBytes, 'v')));
  await new Promise<void>((resolve) => outputs.listen(0, '127.0.0.1', resolve));
  t.after(() => outputs.close());
  const prefix = newPrefix();
  const env = {
    REDIS_URL: redis.url,
    REDIS_PREFIX: prefix,
    DATA_DIR: place,
    NEMO_API_URL: 'http://127.0.0.1:9',
    LOG_LEVEL: 'info',
  };
  const api = await startService('api', env);
  const { ctx, close } = await openTestContext(redis.socketPath, { REDIS_PREFIX: prefix });
  t.after(async () => {
    await close();
    await api.kill();
    await redis.close();
  });
  const url = `http://127.0.0.1:${(outputs.address() as AddressInfo).port}/out.mp4`;
  const rendered = { type: 'rendered', output: { url, renderId: 'r1', durationMs: 3000, bytes: outputBytes } } as const;
  const make = async (count: number): Promise<string> => {
    const body = JSON.stringify(
      aBatch({
        files: Array.from({ length: count }, (_, at) => ({
          source: { url: 'https://example.com/a.mp4' },
          name: `=${at}.mp4`,
        })),
      }),
    );
    const posted = await request(`${api.address}/batches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.equal(posted.statusCode, 202);
    const { id } = (await posted.body.json()) as { id: string };

    // Every record becomes that of one file which has gone the whole way.
    await tell(ctx, id, 0, ...completing.slice(0, -1), rendered);
    const progress = (await ctx.redis.hget(ctx.keys.file(fileId(id, 0)), 'p')) ?? '';
    for (let first = 0; first < count; first += 1000) {
      const some = ctx.redis.pipeline();
      for (let index = first; index < first + 1000; index += 1)
        some.hset(ctx.keys.file(fileId(id, index)), 'p', progress);
      await some.exec();
    }
    return id;
  };

  const small = await make(2000);
  const id = await make(files);
  // Of its own: taking 50,000 files in has grown the heap of the other one, where growth would not show.
  const reader = await startService('api', env);
  t.after(() => reader.kill());
  const pid = reader.child.pid ?? 0;
  // What a first use loads, compiles and grows the heap by is no growth: a small batch goes first, all the way.
  for (let round = 0; round < 3; round += 1)
    for (const [path, accept] of [['results'], ['results', 'text/csv'], ['archive']] as const) {
      const warm = await request(`${reader.address}/batches/${small}/${path}`, {
        headers: { accept: accept ?? '*/*' },
      });
      await warm.body.arrayBuffer();
    }
  /** Of all three: what one leaves behind is growth of the next. */
  const before = await residentMb(pid);
  const take = async (
    what: string,
    path: string,
    accept: string,
    use: (body: Readable) => Promise<void>,
  ): Promise<void> => {
    const startedAt = performance.now();
    const most = await watchMemory(pid, async () => {
      const reply = await request(`${reader.address}${path}`, { headers: { accept }, bodyTimeout: 0 });
      assert.equal(reply.statusCode, 200);
      await use(reply.body);
    });
    const seconds = (performance.now() - startedAt) / 1000;
    t.diagnostic(`${what}: ${seconds.toFixed(1)} s, ${before.toFixed()} MB before, ${most.toFixed()} MB at most`);
    assert.ok(most - before < mostGrownMb, `${what} took ${most - before} MB`);
  };
  await take('NDJSON', `/batches/${id}/results`, 'application/x-ndjson', async (lines) => {
    assert.equal(await readAll(lines, (line) => /"index":(\d+)/.exec(line)?.[1]), files);
  });
  await take('CSV', `/batches/${id}/results`, 'text/csv', async (lines) => {
    assert.equal(await readAll(lines, (line) => /^(\d+),fil_/.exec(line)?.[1]), files);
  });
  const zip = join(place, 'batch.zip');
  await take('ZIP', `/batches/${id}/archive`, '*/*', (bytes) => pipeline(bytes, createWriteStream(zip)));
  const opened = await openPromise(zip, { lazyEntries: true });
  assert.equal(opened.entryCount, files + 1);
  const members = new Set<string>();
  for await (const entry of opened.eachEntry()) {
    if (entry.fileName !== 'manifest.ndjson') assert.equal(entry.uncompressedSize, outputBytes);
    members.add(entry.fileName);
  }
  assert.equal(members.size, files + 1);
});
