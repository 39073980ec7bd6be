/** What one poll of a render costs: the same files with 21 polls each and with one, and the difference ÷ 20. */
import { postBatch, untilEnded } from './frame/api-client.ts';
import type { Bench } from './frame/bench.ts';
import { openPlace } from './frame/open-place.ts';
import { cpuMs } from './frame/usage.ts';

const extraPolls = 20;

export const renderPoll: Bench = {
  name: 'render-poll',
  compares: 'a poll of a render with its bounds',
  run: async ({ runs, sizes, say }) => {
    const [files = 200] = sizes ?? [];
    const commands: number[] = [];
    const cpu: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const once = await cost(files, 1);
      const often = await cost(files, 1 + extraPolls);
      commands.push((often.commands - once.commands) / files / extraPolls);
      cpu.push((often.cpuMs - once.cpuMs) / files / extraPolls);
      say(`${commands.at(-1)?.toFixed(1)} commands, ${cpu.at(-1)?.toFixed(2)} ms CPU a poll`);
    }
    return [
      { what: 'commands to Redis a render poll', unit: '', ours: commands, goal: { kind: 'at most', value: 25 } },
      { what: 'CPU of the worker a render poll', unit: 'ms', ours: cpu, goal: { kind: 'at most', value: 2 } },
    ];
  },
};

async function cost(files: number, polls: number): Promise<{ commands: number; cpuMs: number }> {
  const place = await openPlace({ counted: true, stub: ['--polls', String(polls)] });
  try {
    const pid = place.workers[0]?.pid ?? 0;
    const warm = await postBatch(place.api.address, { files: 50 });
    await untilEnded(place.api.address, warm.id);
    const before = { commands: place.counter?.count() ?? NaN, cpuMs: await cpuMs(pid) };
    const { id } = await postBatch(place.api.address, { files });
    await untilEnded(place.api.address, id);
    return {
      commands: (place.counter?.count() ?? NaN) - before.commands,
      cpuMs: (await cpuMs(pid)) - before.cpuMs,
    };
  } finally {
    await place.close();
  }
}
