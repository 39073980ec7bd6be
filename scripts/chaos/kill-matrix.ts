/** Each boundary × each kind of death: a worker dies there, another one takes over, and everything must be right. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { openArena, until, type Arena } from './arena.ts';
import { deaths, mayStayUnconfirmed, points, type Death } from './points.ts';
import type { Scenario, ScenarioOptions, Tally } from './scenario.ts';
import { hasEnded, judge, post, readBatch, type Verdict } from './verdict.ts';

const files = 2;

interface Case extends Verdict {
  readonly point: string;
  readonly death: Death;
  /** The worker got there and died; false would make the case worthless. */
  readonly reached: boolean;
}

async function runCase(arena: Arena, point: string, death: Death): Promise<Case> {
  const victim = arena.start('worker', { point, death });
  const batchId = await post(arena, files, `${point} ${death}`);
  try {
    const reached = await dies(arena, victim, batchId, death);
    const worker = await arena.openWorker();
    try {
      // Long enough for the lock to be lost and the run to be taken over, then the frozen one wakes up.
      if (death === 'stop' && reached) {
        await delay(arena.lockMs * 2);
        victim.kill('SIGCONT');
      }
      const verdict = await judge(arena, batchId, files, mayStayUnconfirmed(point) ? files : 0);
      return { point, death, reached, ...verdict };
    } finally {
      await end(victim);
      await worker.close();
    }
  } catch (error) {
    await end(victim);
    const why = error instanceof Error ? error.message : String(error);
    return { point, death, reached: true, ended: 0, lost: 0, double: 0, faults: [why] };
  }
}

export const killMatrix: Scenario = { name: 'kill-matrix', parts: points, run: runMatrix };

async function runMatrix(options: ScenarioOptions): Promise<Tally> {
  const wanted = deaths.filter((death) => options.deaths === 'all' || options.deaths.split(',').includes(death));
  const chosen = points.filter((point) => options.only === null || point.includes(options.only));
  const arena = await openArena();
  const counted = { passed: 0, failed: 0 };
  try {
    for (const death of wanted) {
      for (const point of chosen) {
        const result = await runCase(arena, point, death);
        console.log(row(result));
        counted[result.reached && result.faults.length === 0 ? 'passed' : 'failed'] += 1;
      }
    }
    return counted;
  } finally {
    await arena.close();
  }
}

function row({ point, death, reached, ended, lost, double, faults }: Case): string {
  const verdict = faults.length === 0 && reached ? 'ok' : [reached ? '' : 'never reached', ...faults].join('; ');
  return `${point.padEnd(44)} ${death.padEnd(5)} ended ${ended}  lost ${lost}  double ${double}  ${verdict}`;
}

/** Resolves once the victim has met its fate, or the batch has ended without it. */
function dies(arena: Arena, victim: ChildProcess, batchId: string, death: Death): Promise<boolean> {
  return until(`${death} of the victim`, async () => {
    if (victim.exitCode !== null || victim.signalCode !== null) return { reached: true };
    if (death === 'stop' && (await isStopped(victim))) return { reached: true };
    if (!hasEnded(await readBatch(arena, batchId))) return null;
    // What comes after the end (the webhook) still may kill it.
    await delay(1000);
    const isGone = victim.exitCode !== null || victim.signalCode !== null || (await isStopped(victim));
    return { reached: isGone };
  }).then(({ reached }) => reached);
}

async function isStopped({ pid }: ChildProcess): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
