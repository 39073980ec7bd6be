/** One case of the kill matrix: a process dies at a boundary, others go on, and everything must be right in the end. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { endChild, openArena, until, type Arena } from './arena.ts';
import { hasEnded, post, readBatch, send } from './caller.ts';
import type { Ground } from './ground.ts';
import { mostUnconfirmed, type Boundary, type Death } from './points.ts';
import type { Scene } from './scene.ts';
import { judge, judgeBooks, type Verdict } from './verdict.ts';

export interface Case extends Verdict {
  readonly boundary: Boundary;
  readonly death: Death;
  readonly files: number;
  /** The victim got there and died; false would make the case worthless. */
  readonly reached: boolean;
}

/** What comes after the end of a batch, or after an answer, still may kill the victim. */
const patienceMs = 2000;
/** A process that wakes up acts at once; its calls must be in the ledger when it is read. */
const wakeMs = 1000;

/** Where two processes race for the same work, the victim may lose: that proves nothing, so it is tried again. */
const mostTries = 3;

export async function runCase(ground: Ground, boundary: Boundary, death: Death): Promise<Case> {
  for (let tries = 1; ; tries += 1) {
    const result = await tryCase(ground, boundary, death);
    if (result.reached || result.faults.length > 0 || tries === mostTries) return result;
  }
}

async function tryCase(ground: Ground, boundary: Boundary, death: Death): Promise<Case> {
  const files = boundary.story.files ?? 2;
  const nothing = { boundary, death, files, reached: true, ended: 0, lost: 0, double: 0 };
  try {
    const arena = await openArena({ ground });
    try {
      await prepare(arena, boundary);
      return { ...nothing, ...(await play(arena, boundary, death, files)) };
    } finally {
      await arena.close();
    }
  } catch (error) {
    return { ...nothing, faults: [error instanceof Error ? error.message : String(error)] };
  }
}

async function prepare(arena: Arena, { story }: Boundary): Promise<void> {
  for (const fault of story.faults ?? []) await send(`${arena.sandbox.url}/admin/faults`, fault);
  for (const [path, statuses] of Object.entries(story.answers ?? {})) {
    arena.answers.set(`${new URL(arena.receiverUrl).pathname}${path}`, [...statuses]);
  }
}

type Outcome = Verdict & Pick<Case, 'reached'>;

async function play(arena: Arena, boundary: Boundary, death: Death, files: number): Promise<Outcome> {
  const { point, story } = boundary;
  const fault = { point, death };
  const healthy = story.victim === 'api' ? await arena.openWorker() : null;
  const scene: Omit<Scene, 'address'> = { arena, point, story };
  // An API is up before the batch is, or the batch could be over before it is asked.
  const api = story.victim === 'api' ? await arena.startListening('api', fault) : null;
  let batchId = (await begin(scene)) ?? '';
  const victim = api ?? { child: arena.start('worker', fault), address: arena.api };
  const full: Scene = { ...scene, address: victim.address };
  const asked = story.ask?.(full, batchId) ?? Promise.resolve(null);
  // Looked at below; a request whose API dies must not be an unhandled rejection meanwhile.
  asked.catch(() => null);
  const reached = await dies(arena, victim.child, { batchId, death, asked: story.victim === 'api' ? asked : null });
  const worker = healthy ?? (await arena.openWorker());
  try {
    // Long enough for the lock to be lost and the run to be taken over, then the frozen one wakes up.
    if (death === 'stop' && reached) {
      await delay(arena.lockMs * 2);
      victim.child.kill('SIGCONT');
      await delay(wakeMs);
    }
    batchId = (await story.after?.(full, batchId, await asked)) ?? batchId;
    const verdict = await judgeAll(arena, boundary, batchId, files);
    const code = death === 'term' && reached ? victim.child.exitCode : 0;
    return { reached, ...verdict, faults: [...verdict.faults, ...(code === 0 ? [] : [`ended with code ${code}`])] };
  } finally {
    await endChild(victim.child);
    await worker.close();
  }
}

/** The batch, and where the victim is to take over from another one, the death of that one. */
async function begin({ arena, point, story }: Omit<Scene, 'address'>): Promise<string | null> {
  if (story.begin !== undefined) return story.begin({ arena, point, story, address: arena.api });
  const first = story.before === undefined ? null : arena.start('worker', { point: story.before, death: 'kill' });
  const batchId = await post(arena, story.files ?? 2, point, story.batch?.(arena));
  if (first !== null) await until(`the death before`, async () => first.signalCode !== null);
  return batchId;
}

async function judgeAll(arena: Arena, boundary: Boundary, batchId: string, files: number): Promise<Verdict> {
  const { story } = boundary;
  const unsure = mostUnconfirmed(boundary, files);
  const verdict = await judge(arena, batchId, files, unsure, story.expect);
  const books = await judgeBooks(arena, {
    batchIds: [batchId],
    // A canceled turn is not waited for: whether it was taken stays open.
    unsure: story.expect?.status === 'canceled' ? files : unsure,
    // What was granted to somebody who then died is asked for again.
    mostTokens: (story.mostTokens ?? 1) + (boundary.point === 'token: granted, not saved' ? 1 : 0),
  });
  return { ...verdict, faults: [...verdict.faults, ...books] };
}

/** True once the victim has met its fate; false when everything is over without it. */
async function dies(
  arena: Arena,
  victim: ChildProcess,
  { batchId, death, asked }: { batchId: string; death: Death; asked: Promise<unknown> | null },
): Promise<boolean> {
  const isGone = async (): Promise<boolean> =>
    victim.exitCode !== null || victim.signalCode !== null || (death === 'stop' && (await isStopped(victim)));
  let overAt = Infinity;
  let looks = 0;
  const over = (): void => void (overAt = Math.min(overAt, performance.now()));
  void asked?.then(over);
  return until(`${death} of the victim`, async () => {
    if (await isGone()) return { reached: true };
    if (asked === null && looks++ % 6 === 0 && hasEnded(await readBatch(arena, batchId))) over();
    return performance.now() > overAt + patienceMs ? { reached: await isGone() } : null;
  }).then(({ reached }) => reached);
}

async function isStopped({ pid }: ChildProcess): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
