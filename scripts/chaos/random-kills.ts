/**
 * Random kill -9 of an API and two workers, singly and all at once, while batches go through; each is started again.
 * The caller posts to the API that dies, under a key, and repeats until it is answered: accepted once, however often.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { endChild, openArena, until, type Arena, type Listening } from './arena.ts';
import { batchBody, hasEnded, readBatch, trySend, type BatchView } from './caller.ts';
import { freePort } from './free-port.ts';
import type { Scenario, ScenarioOptions, Tally } from './scenario.ts';
import { seeded } from './seeded.ts';
import { judge, judgeBooks, type Verdict } from './verdict.ts';

const filesPerBatch = 8;
/** Batches that are kept under way: enough that a kill always meets work. */
const underWay = 3;
const roles = ['worker', 'worker', 'api'] as const;
/** How often everything dies at once. */
const allAtOnce = 0.15;

/** An API that dies in the middle of an intake leaves a lease of 30 s on its key, and it may die there again. */
const takenDeadlineMs = 240_000;

export const randomKills: Scenario = { name: 'random-kills', run };

async function run({ kills, seed }: ScenarioOptions): Promise<Tally> {
  if (kills === 0) return { passed: 0, failed: 0 };
  const arena = await openArena();
  try {
    const { batches, verdicts, faults } = await kill(arena, kills, seed);
    const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, one) => total + of(one), 0);
    console.log(
      `${kills} random kills (seed ${seed}), ${batches} batches, ${batches * filesPerBatch} files: ended ${sum(({ ended }) => ended)}  lost ${sum(({ lost }) => lost)}  double ${sum(({ double }) => double)}`,
    );
    const faulty = verdicts.filter((verdict) => verdict.faults.length > 0);
    for (const text of [...faulty.flatMap((verdict) => verdict.faults), ...faults]) console.log(`  ${text}`);
    const failed = faulty.length + (faults.length > 0 ? 1 : 0);
    return { passed: verdicts.length + 1 - failed, failed };
  } finally {
    await arena.close();
  }
}

interface Killed {
  readonly batches: number;
  readonly verdicts: readonly Verdict[];
  /** Of the books of all of them. */
  readonly faults: readonly string[];
}

async function kill(arena: Arena, kills: number, seed: number): Promise<Killed> {
  const random = seeded(seed);
  // The same address after each death, as behind a service name.
  const port = await freePort();
  const start = (at: number): Promise<Listening> =>
    arena.startListening(roles[at] ?? 'worker', undefined, { PORT: String(port) });
  const alive = roles.map((_, at) => start(at));
  // Whoever dies while asking for the first token leaves its lock for 70 s: the matrix dies there, this does not.
  await fetch(`${arena.api}/credits`);
  const posting = postAll(arena, `http://127.0.0.1:${port}`);
  try {
    for (let done = 0; done < kills;) {
      await delay(100 + 800 * random());
      const all = random() < allAtOnce;
      const chosen = Math.floor(random() * roles.length);
      for (const at of all ? roles.keys() : [chosen]) {
        // Only what has come up can have begun something.
        const victim = await alive[at];
        if (victim !== undefined) await endChild(victim.child);
        alive[at] = start(at);
        done += 1;
      }
    }
    const ids = await posting.end();
    const verdicts: Verdict[] = [];
    // A kill between the fence and the first byte leaves an honest "unconfirmed".
    for (const id of ids) verdicts.push(await judge(arena, id, filesPerBatch, filesPerBatch));
    const books = { batchIds: ids, unsure: ids.length * filesPerBatch, mostTokens: 1 };
    return {
      batches: ids.length,
      verdicts,
      faults: [...(await listed(arena, ids)), ...(await judgeBooks(arena, books))],
    };
  } finally {
    await posting.end();
    await Promise.all(
      (await Promise.allSettled(alive)).map(async (one) => one.status === 'fulfilled' && endChild(one.value.child)),
    );
  }
}

/** Keeps batches under way through the API that dies. */
function postAll(arena: Arena, address: string): { end: () => Promise<readonly string[]> } {
  const ids: string[] = [];
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const busy = await Promise.all(ids.slice(-underWay * 2).map(async (id) => !hasEnded(await readBatch(arena, id))));
      if (busy.filter(Boolean).length < underWay) ids.push(await postUntilTaken(arena, address, `kill ${ids.length}`));
      else await delay(200);
    }
  };
  const running = loop();
  return {
    end: async () => {
      stop.abort();
      await running;
      return ids;
    },
  };
}

async function postUntilTaken(arena: Arena, address: string, name: string): Promise<string> {
  const body = batchBody(arena, filesPerBatch, name);
  const ask = async (): Promise<Response | null> => {
    const response = await trySend(`${address}/batches`, body, { 'idempotency-key': name });
    return response?.status === 202 ? response : null;
  };
  const answer = await until(`${name} is taken`, ask, takenDeadlineMs);
  return ((await answer.json()) as BatchView).id;
}

/** One batch for each key, whatever died between the first try and the answer. */
async function listed(arena: Arena, ids: readonly string[]): Promise<string[]> {
  const { data } = (await (await fetch(`${arena.api}/batches?limit=1000`)).json()) as { data: BatchView[] };
  return data.length === ids.length ? [] : [`${data.length} batches for ${ids.length} requests`];
}
