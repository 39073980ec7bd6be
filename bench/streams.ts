/** 5,000 turns open in one worker process, their streams silent but for heartbeats, beside bare undici with as many. */
import { setTimeout as delay } from 'node:timers/promises';
import { getBatch, postBatch } from './frame/api-client.ts';
import type { Bench } from './frame/bench.ts';
import { openPlace, startStub } from './frame/open-place.ts';
import { startNode } from './frame/start-node.ts';
import { cpuMs, peakRssBytes, rssBytes } from './frame/usage.ts';
import type { Figures } from './stub/books.ts';

interface Held {
  readonly rssMb: number;
  readonly cpuMsPerSecond: number;
  readonly peakMb: number;
}

/** Longer than the measurement; each stream sends a heartbeat every 15 s, as servers do. */
const stubArgs = ['--turn-ms', '600000', '--heartbeat-ms', '15000'];
const watchedMs = 15_000;
/** Until each stream has had its first heartbeat: what is measured is holding them, not what opening them leaves behind. */
const settlingMs = 16_000;

export const streams: Bench = {
  name: 'streams',
  compares: 'open turns in one worker with bare undici',
  run: async ({ full, runs, sizes, say }) => {
    const [count = full ? 5000 : 1000] = sizes ?? [];
    const ours: Held[] = [];
    const theirs: Held[] = [];
    for (let run = 0; run < (full ? runs : 1); run += 1) {
      theirs.push(await bare(count));
      ours.push(await service(count));
      for (const [who, held] of [
        ['bare', theirs.at(-1)],
        ['worker', ours.at(-1)],
      ] as const) {
        say(`${who}: ${held?.rssMb.toFixed(0)} MB, ${held?.cpuMsPerSecond.toFixed(1)} ms CPU a second`);
      }
    }
    const what = `${count.toLocaleString('en')} open streams`;
    return [
      {
        what: `memory with ${what}`,
        unit: 'MB',
        ours: ours.map(({ rssMb }) => rssMb),
        baseline: { what: 'bare undici', values: theirs.map(({ rssMb }) => rssMb) },
        goal: { kind: 'ratio at most', value: 2 },
      },
      {
        what: `most memory on the way to ${what}`,
        unit: 'MB',
        ours: ours.map(({ peakMb }) => peakMb),
        goal: { kind: 'at most', value: 500 },
      },
      {
        what: `CPU a second with ${what}`,
        unit: 'ms',
        ours: ours.map(({ cpuMsPerSecond }) => cpuMsPerSecond),
        baseline: { what: 'bare undici', values: theirs.map(({ cpuMsPerSecond }) => cpuMsPerSecond) },
        goal: { kind: 'ratio at most', value: 2 },
      },
    ];
  },
};

async function hold(pid: number): Promise<Held> {
  await delay(settlingMs);
  const before = await cpuMs(pid);
  await delay(watchedMs);
  return {
    cpuMsPerSecond: ((await cpuMs(pid)) - before) / (watchedMs / 1000),
    rssMb: (await rssBytes(pid)) / 1e6,
    peakMb: (await peakRssBytes(pid)) / 1e6,
  };
}

async function bare(count: number): Promise<Held> {
  const stub = await startStub(stubArgs);
  try {
    const args = ['--upstream', stub.address, '--streams', String(count)];
    const child = await startNode({ file: 'bench/streams/main.ts', args }, (line) =>
      line === 'listening' ? '' : null,
    );
    const held = await hold(child.pid);
    await child.stop('SIGKILL');
    return held;
  } finally {
    await stub.stop('SIGKILL');
  }
}

async function service(count: number): Promise<Held> {
  const place = await openPlace({ stub: stubArgs, environment: { MAX_IN_FLIGHT: String(count) } });
  try {
    const { id } = await postBatch(place.api.address, { files: count });
    for (;;) {
      const { open } = (await (await fetch(`${place.stub.address}/stub/figures`)).json()) as Figures;
      if (open === count) break;
      await delay(200);
    }
    await getBatch(place.api.address, id);
    return await hold(place.workers[0]?.pid ?? 0);
  } finally {
    for (const worker of place.workers) await worker.stop('SIGKILL');
    await place.stub.stop('SIGKILL');
    await place.close();
  }
}
