/** Random kill -9 of an API and two workers while batches go through; each is started again at once. Seeded. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openArena, type Arena } from './arena.ts';
import type { Scenario, ScenarioOptions, Tally } from './scenario.ts';
import { hasEnded, post, readBatch } from './caller.ts';
import { judge, type Verdict } from './verdict.ts';

const filesPerBatch = 8;

interface RandomKills {
  readonly kills: number;
  readonly batches: number;
  readonly verdicts: readonly Verdict[];
}

export const randomKills: Scenario = { name: 'random-kills', run };

async function run({ kills, seed }: ScenarioOptions): Promise<Tally> {
  if (kills === 0) return { passed: 0, failed: 0 };
  const arena = await openArena();
  try {
    const { batches, verdicts } = await runRandomKills(arena, kills, seed);
    const faulty = verdicts.filter(({ faults }) => faults.length > 0);
    const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, one) => total + of(one), 0);
    console.log(
      `${kills} random kills (seed ${seed}), ${batches} batches: ended ${sum(({ ended }) => ended)}  lost ${sum(({ lost }) => lost)}  double ${sum(({ double }) => double)}`,
    );
    for (const { faults } of faulty) console.log(`  ${faults.join('; ')}`);
    return { passed: verdicts.length - faulty.length, failed: faulty.length };
  } finally {
    await arena.close();
  }
}

async function runRandomKills(arena: Arena, kills: number, seed: number): Promise<RandomKills> {
  const random = seeded(seed);
  const roles = ['worker', 'worker', 'api'] as const;
  const alive: ChildProcess[] = roles.map((role) => arena.start(role));
  const batches: string[] = [];
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const busy = await Promise.all(batches.slice(-2).map(async (id) => !hasEnded(await readBatch(arena, id))));
      if (busy.filter(Boolean).length < 2) batches.push(await post(arena, filesPerBatch, `kill ${kill}`));
      await delay(200 + 900 * random());
      const chosen = Math.floor(random() * alive.length);
      const victims = random() < 0.15 ? [0, 1, 2] : [chosen];
      for (const at of victims) {
        await end(alive[at]);
        alive[at] = arena.start(roles[at] ?? 'worker');
      }
    }
    const verdicts: Verdict[] = [];
    // A kill between the fence and the first byte leaves an honest "unconfirmed", at most one a file.
    for (const id of batches) verdicts.push(await judge(arena, id, filesPerBatch, filesPerBatch));
    return { kills, batches: batches.length, verdicts };
  } finally {
    await Promise.all(alive.map(end));
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Mulberry32: the same seed, the same kills. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
