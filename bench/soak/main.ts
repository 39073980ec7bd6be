/**
 * npm run soak -- --minutes 30: steady load with kills. One worker and one API are never killed, so that what they hold can
 * be followed; another worker and another API are killed again and again. At the end everything is left to be dropped,
 * and whatever key is still there must have an owner or a time to live.
 */
import { readdir } from 'node:fs/promises';
import { argv, exit } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { batchBody, getBatch, sendBatch } from '../frame/api-client.ts';
import { openPlace, type Place } from '../frame/open-place.ts';
import { dataBytes } from '../frame/redis-figures.ts';
import type { Running } from '../frame/start-node.ts';
import { rssBytes } from '../frame/usage.ts';
import { slopeOf } from './slope.ts';
import { strayKeys } from './stray-keys.ts';

const { values } = parseArgs({ args: argv.slice(2), options: { minutes: { type: 'string', default: '30' } } });
const ms = Number(values.minutes) * 60_000;
/** What has ended is dropped after a minute, so that a soak of minutes sees as many come as go; a batch has as long to end. */
const retentionMs = 60_000;
const sampleMs = Math.max(500, Math.min(10_000, ms / 60));
const killMs = Math.max(3000, ms / 30);
const filesABatch = 20;
const underWay = 5;

interface Sample {
  readonly atMs: number;
  readonly workerMb: number;
  readonly apiMb: number;
  readonly redisMb: number;
  readonly handles: number;
  readonly keys: number;
}

const place = await openPlace({
  workers: 2,
  stub: ['--turn-ms', '50-300', '--render-ms', '50-500'],
  environment: {
    RETENTION_DAYS: (retentionMs / 86_400_000).toFixed(8),
    SWEEP_MS: '1000',
    LOCK_MS: '3000',
    STALL_CHECK_MS: '1000',
    EDIT_RECHECK_FIRST_MS: '500',
    EDIT_RECHECK_MS: '500',
    EDIT_TIMEOUT_MS: '5000',
    EDIT_IDLE_MS: '5000',
  },
});
const [steady, victim] = place.workers;
if (steady === undefined || victim === undefined) throw new Error('no workers');
const startedAt = performance.now();
const isOver = (): boolean => performance.now() - startedAt >= ms;
const tally = { batches: 0, files: 0, completed: 0, failed: 0, kills: 0 };
const codes = new Map<string, number>();

async function countCodes(id: string): Promise<void> {
  const page = (await (await fetch(`${place.api.address}/batches/${id}/files?status=failed`)).json()) as {
    data: readonly { readonly error: { readonly code: string } | null }[];
  };
  for (const { error } of page.data) codes.set(error?.code ?? '', (codes.get(error?.code ?? '') ?? 0) + 1);
}

/** One batch after the other; a POST whose answer is lost is repeated under its key. */
async function keepOneUnderWay(lane: number): Promise<void> {
  for (let at = 0; !isOver(); at += 1) {
    const hook = { url: `${place.stub.address}/hook`, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
    const body = batchBody({ files: filesABatch, more: { webhook: hook, metadata: { tag: `${lane}-${at}` } } });
    const { id } = await sendBatch(place.api.address, body);
    for (;;) {
      const batch = await getBatch(place.api.address, id);
      const { completed = 0, failed = 0, total = 0 } = batch.counts;
      if (completed + failed === total) {
        tally.batches += 1;
        tally.files += total;
        tally.completed += completed;
        tally.failed += failed;
        if (failed > 0) await countCodes(id);
        break;
      }
      await delay(100);
    }
  }
}

async function keepKilling(): Promise<void> {
  let [worker, api]: Running[] = [victim as Running, await place.startApi()];
  for (;;) {
    for (let waited = 0; waited < killMs && !isOver(); waited += 200) await delay(200);
    if (isOver()) return;
    if (tally.kills % 3 === 2) {
      await api?.stop('SIGKILL');
      api = await place.startApi();
    } else {
      await worker?.stop('SIGKILL');
      worker = await place.startWorker();
    }
    tally.kills += 1;
  }
}

async function handlesOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

async function sample(of: Place, worker: Running): Promise<Sample> {
  return {
    atMs: performance.now() - startedAt,
    workerMb: (await rssBytes(worker.pid)) / 1e6,
    apiMb: (await rssBytes(of.api.pid)) / 1e6,
    redisMb: (await dataBytes(of.redis)) / 1e6,
    handles: (await handlesOf(worker.pid)) + (await handlesOf(of.api.pid)),
    keys: await of.redis.dbsize(),
  };
}

const samples: Sample[] = [];
async function keepSampling(): Promise<void> {
  while (!isOver()) {
    samples.push(await sample(place, steady as Running));
    await delay(sampleMs);
  }
}

try {
  const lanes = Array.from({ length: underWay }, (_, lane) => keepOneUnderWay(lane));
  await Promise.all([...lanes, keepKilling(), keepSampling()]);
  console.log(
    `${values.minutes} min, ${tally.kills} kills: ${tally.batches} batches, ${tally.files} files, ` +
      `${tally.completed} completed, ${tally.failed} failed ${JSON.stringify(Object.fromEntries(codes))} (a kill during a turn may leave an honest edit_unconfirmed)`,
  );
  // The first half warms up: caches, compiled code, the first retention.
  const later = samples.filter(({ atMs }) => atMs > ms / 2);
  for (const name of ['workerMb', 'apiMb', 'redisMb', 'handles', 'keys'] as const) {
    const points = later.map((one) => ({ x: one.atMs / 60_000, y: one[name] }));
    const [first, last] = [points[0]?.y ?? NaN, points.at(-1)?.y ?? NaN];
    console.log(
      `${name.padEnd(9)} ${first.toFixed(1)} → ${last.toFixed(1)}, slope ${slopeOf(points).toFixed(3)} a minute`,
    );
  }
  console.log(`waiting ${Math.round(retentionMs / 1000)} s for everything to be dropped`);
  const until = performance.now() + retentionMs + 30_000;
  let stray = await strayKeys(place.redis, place.prefix);
  while (stray.length > 0 && performance.now() < until) {
    await delay(1000);
    stray = await strayKeys(place.redis, place.prefix);
  }
  console.log(`${await place.redis.dbsize()} keys at the end, ${stray.length} without an owner or a time to live`);
  for (const key of stray.slice(0, 20)) console.log(`  ${key}`);
  await place.close();
  exit(stray.length > 0 ? 1 : 0);
} catch (error) {
  await place.close();
  throw error;
}
