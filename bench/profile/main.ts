/**
 * npm run profile [-- --files n --cpu-dir folder]: where the pipeline's time goes. CPU of each process, Redis' own time by
 * command and by script (its SLOWLOG with every call in it), and with --cpu-dir a CPU profile of the worker for DevTools.
 */
import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { postBatch, untilEnded } from '../frame/api-client.ts';
import { openPlace } from '../frame/open-place.ts';
import { commandTimes, processId } from '../frame/redis-figures.ts';
import { cpuMs } from '../frame/usage.ts';

const { values } = parseArgs({
  args: argv.slice(2),
  options: { files: { type: 'string', default: '500' }, 'cpu-dir': { type: 'string' } },
});
const files = Number(values.files);
const mostCalls = 500_000;
const cpuDir = values['cpu-dir'];
const place = await openPlace(
  cpuDir === undefined ? {} : { workerNodeArgs: ['--cpu-prof', `--cpu-prof-dir=${cpuDir}`] },
);
const { redis, api, stub, workers } = place;
try {
  const warm = await postBatch(api.address, { files: 100 });
  await untilEnded(api.address, warm.id);
  const processes = { worker: workers[0]?.pid ?? 0, api: api.pid, stub: stub.pid, redis: await processId(redis) };
  const before = new Map<string, number>();
  for (const [name, pid] of Object.entries(processes)) before.set(name, await cpuMs(pid));
  await redis.config('SET', 'slowlog-max-len', mostCalls);
  await redis.config('SET', 'slowlog-log-slower-than', 0);
  await redis.slowlog('RESET');
  await redis.config('RESETSTAT');
  const startedAt = performance.now();
  const { id } = await postBatch(api.address, { files });
  await untilEnded(api.address, id);
  console.log(`${Math.round((files * 1000) / (performance.now() - startedAt))} files/s; a file:`);
  for (const [name, pid] of Object.entries(processes)) {
    console.log(`  ${name.padEnd(18)} ${(((await cpuMs(pid)) - (before.get(name) ?? 0)) / files).toFixed(2)} ms CPU`);
  }
  for (const { name, calls, usec } of (await commandTimes(redis)).slice(0, 12)) {
    console.log(
      `  ${name.padEnd(18)} ${(calls / files).toFixed(1).padStart(6)} calls ${Math.round(usec / files)} us in Redis`,
    );
  }
  for (const [what, { calls, usec }] of await scriptTimes()) {
    console.log(`  ${what.padEnd(70)} ${(calls / files).toFixed(2)} × ${Math.round(usec / calls)} us`);
  }
} finally {
  await place.close();
}

/** By the first keys and arguments of a call: our scripts have the tag alone, BullMQ's the keys of a queue. */
async function scriptTimes(): Promise<[string, { calls: number; usec: number }][]> {
  const entries = z
    .array(z.tuple([z.number(), z.number(), z.number(), z.array(z.string())]).rest(z.unknown()))
    .parse(await redis.call('SLOWLOG', 'GET', String(mostCalls)));
  const times = new Map<string, { calls: number; usec: number; example: string }>();
  for (const [, , usec, [command = '', sha = '', ...rest]] of entries) {
    if (command.toLowerCase() !== 'evalsha') continue;
    const time = times.get(sha) ?? { calls: 0, usec: 0, example: rest.slice(0, 3).join(' ').slice(0, 60) };
    times.set(sha, { ...time, calls: time.calls + 1, usec: time.usec + usec });
  }
  return [...times.entries()]
    .toSorted(([, one], [, other]) => other.usec - one.usec)
    .map(([sha, time]) => [`${sha.slice(0, 6)} ${time.example}`, time]);
}
