/**
 * The whole pipeline against an upstream without latency: API, one worker process and Redis beside a plain script that
 * makes the same calls. Then, in runs that are not timed, what goes to Redis and what stays there, beside BullMQ.
 */
import { Redis } from 'ioredis';
import { alternate, type Bench, type BenchOptions } from './frame/bench.ts';
import { postBatch, untilEnded } from './frame/api-client.ts';
import { countCommands } from './frame/count-commands.ts';
import { openPlace, openStore, startStub, type Place } from './frame/open-place.ts';
import { dataBytes } from './frame/redis-figures.ts';
import { median, type Row } from './frame/row.ts';
import { runNode } from './frame/start-node.ts';
import { cpuMs } from './frame/usage.ts';

interface Took {
  readonly filesPerSecond: number;
  readonly cpuMsAFile: number;
}
interface Stored {
  readonly commands: number;
  readonly inFlightBytes: number;
  readonly endBytes: number;
}

export const pipeline: Bench = {
  name: 'pipeline',
  compares: 'the whole pipeline with a plain script and with BullMQ',
  run: async (options) => {
    const sizes = options.sizes ?? (options.full ? [1000, 10_000, 100_000] : [1000]);
    const rows: Row[] = [];
    const firsts = new Map<string, number>();
    for (const files of sizes) {
      // What takes a quarter of an hour is run once.
      const runs = files >= 100_000 ? 1 : options.runs;
      const some = [...(await timed({ ...options, runs }, files)), ...(await stored(options, files))];
      for (const row of some) {
        const first = firsts.get(row.what);
        if (first === undefined) firsts.set(row.what, median(row.ours));
      }
      rows.push(...some.map((row) => ({ ...row, what: `${row.what}, ${files.toLocaleString('en')} files` })));
      if (files !== sizes[0]) rows.push(...some.map((row) => growth(row, files, firsts.get(row.what) ?? NaN)));
    }
    return rows;
  },
};

/** Of a speed, how much slower; of a cost, how much more. */
function growth(row: Row, files: number, atFirst: number): Row {
  const now = median(row.ours);
  const isSpeed = row.unit === 'files/s';
  return {
    what: `${row.what}: growth to ${files.toLocaleString('en')} files`,
    unit: isSpeed ? 's/file' : row.unit,
    ours: [isSpeed ? 1 / now : now],
    baseline: { what: 'itself at the first size', values: [isSpeed ? 1 / atFirst : atFirst] },
    goal: { kind: 'ratio at most', value: 1.1 },
  };
}

async function timed({ runs, say }: BenchOptions, files: number): Promise<Row[]> {
  const place = await openPlace();
  const baseline = await startStub();
  try {
    const { ours, theirs } = await alternate(
      { runs, warmUp: files < 100_000 },
      async () => {
        const took = await runService(place, files);
        say(`service: ${Math.round(took.filesPerSecond)} files/s, ${took.cpuMsAFile.toFixed(2)} ms CPU a file`);
        return took;
      },
      async () => {
        const took = await runPlain(baseline.address, files);
        say(`plain:   ${Math.round(took.filesPerSecond)} files/s, ${took.cpuMsAFile.toFixed(2)} ms CPU a file`);
        return took;
      },
    );
    return [
      {
        what: 'pipeline',
        unit: 'files/s',
        ours: ours.map(({ filesPerSecond }) => filesPerSecond),
        baseline: { what: 'plain script', values: theirs.map(({ filesPerSecond }) => filesPerSecond) },
        goal: { kind: 'ratio at least', value: 0.5 },
      },
      {
        what: 'CPU of the worker a file',
        unit: 'ms',
        ours: ours.map(({ cpuMsAFile }) => cpuMsAFile),
        baseline: { what: 'plain script', values: theirs.map(({ cpuMsAFile }) => cpuMsAFile) },
        goal: { kind: 'ratio at most', value: 2 },
      },
    ];
  } finally {
    await baseline.stop();
    await place.close();
  }
}

async function runService(place: Place, files: number): Promise<Took> {
  await fetch(`${place.stub.address}/stub/reset`);
  const pid = place.workers[0]?.pid ?? 0;
  const cpuBefore = await cpuMs(pid);
  const startedAt = performance.now();
  const ids: string[] = [];
  for (let left = files; left > 0; left -= 50_000) {
    ids.push((await postBatch(place.api.address, { files: Math.min(left, 50_000) })).id);
  }
  for (const id of ids) await untilEnded(place.api.address, id);
  const seconds = (performance.now() - startedAt) / 1000;
  return { filesPerSecond: files / seconds, cpuMsAFile: ((await cpuMs(pid)) - cpuBefore) / files };
}

async function runPlain(upstream: string, files: number): Promise<Took> {
  await fetch(`${upstream}/stub/reset`);
  const { ms, cpuMs: cpu } = await runNode<{ ms: number; cpuMs: number }>({
    file: 'bench/plain/main.ts',
    args: ['--upstream', upstream, '--files', String(files)],
  });
  return { filesPerSecond: files / (ms / 1000), cpuMsAFile: cpu / files };
}

async function stored({ say }: BenchOptions, files: number): Promise<Row[]> {
  const ours = await storedByService(files);
  const theirs = await storedByBullmq(files);
  say(`service: ${ours.commands.toFixed(1)} commands, ${Math.round(ours.endBytes)} bytes a file after the end`);
  say(`BullMQ:  ${theirs.commands.toFixed(1)} commands, ${Math.round(theirs.endBytes)} bytes a file after the end`);
  const beside = (value: number) => ({ what: 'BullMQ, two queues', values: [value] });
  return [
    {
      what: 'commands to Redis a file',
      unit: '',
      ours: [ours.commands],
      baseline: beside(theirs.commands),
      goal: { kind: 'ratio at most', value: 1.5 },
    },
    {
      what: 'bytes in Redis a file, at most while it runs',
      unit: 'B',
      ours: [ours.inFlightBytes],
      baseline: beside(theirs.inFlightBytes),
      goal: { kind: 'ratio at most', value: 1.5 },
    },
    {
      what: 'bytes in Redis a file, after the end',
      unit: 'B',
      ours: [ours.endBytes],
      baseline: beside(theirs.endBytes),
      goal: { kind: 'at most', value: 4096 },
    },
  ];
}

/** What a Redis has once, however many files there are (scripts, the first nodes of streams and tables), is no cost a file. */
const warmUpFiles = 50;

async function storedByService(files: number): Promise<Stored> {
  const place = await openPlace({ counted: true });
  try {
    const { counter, redis } = place;
    if (counter === null) throw new Error('nothing counts');
    await runService(place, warmUpFiles);
    const [bytes, commands] = [await dataBytes(redis), counter.count()];
    const peak = watchPeak(redis);
    await runService(place, files);
    const most = await peak();
    return {
      commands: (counter.count() - commands) / files,
      inFlightBytes: (most - bytes) / files,
      endBytes: ((await dataBytes(redis)) - bytes) / files,
    };
  } finally {
    await place.close();
  }
}

async function storedByBullmq(files: number): Promise<Stored> {
  const store = await openStore();
  const counter = await countCommands(store.socketPath);
  const redis = new Redis(store.socketPath);
  const run = (count: number): Promise<unknown> =>
    runNode({
      file: 'bench/bullmq/main.ts',
      args: ['--redis', counter.url.slice('unix://'.length), '--files', String(count)],
    });
  try {
    await run(warmUpFiles);
    const [bytes, commands] = [await dataBytes(redis), counter.count()];
    const peak = watchPeak(redis);
    await run(files);
    const most = await peak();
    return {
      commands: (counter.count() - commands) / files,
      inFlightBytes: (most - bytes) / files,
      endBytes: ((await dataBytes(redis)) - bytes) / files,
    };
  } finally {
    redis.disconnect();
    counter.close();
    await store.close();
  }
}

/** Returns what ends the watching and tells the most that was seen. */
function watchPeak(redis: Redis): () => Promise<number> {
  let most = 0;
  const look = async (): Promise<void> => {
    most = Math.max(most, await dataBytes(redis));
  };
  const timer = setInterval(() => void look().catch(() => undefined), 100);
  return async () => {
    clearInterval(timer);
    await look();
    return most;
  };
}
