/** Each boundary × each kind of death, several cases at a time. A boundary that was never reached counts as failed. */
import { openGround } from './ground.ts';
import { boundaries, deaths, isInSelection, type Boundary, type Death } from './points.ts';
import { runCase, type Case } from './run-case.ts';
import type { Scenario, ScenarioOptions, Tally } from './scenario.ts';

/** A case mostly waits (for a lock, a turn, a render), so more than there are cores. */
const atOnce = 8;

const titleOf = ({ storyName, point }: Boundary): string => (storyName === 'plain' ? point : `${storyName} · ${point}`);

export const killMatrix: Scenario = { name: 'kill-matrix', parts: boundaries.map(titleOf), run };

async function run({ only, ...options }: ScenarioOptions): Promise<Tally> {
  const chosen = boundaries.filter((boundary) => only === null || titleOf(boundary).includes(only));
  const cases = chosen.flatMap((boundary) =>
    deaths.filter((death) => isWanted(options.deaths, boundary, death)).map((death) => ({ boundary, death })),
  );
  console.log(`${chosen.length} boundaries, ${cases.length} cases`);
  console.log(`${'boundary'.padEnd(58)} death  files  ended  lost  double`);
  const ground = await openGround();
  const counted = { passed: 0, failed: 0 };
  const waiting = cases[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const { boundary, death } of waiting) {
      const result = await runCase(ground, boundary, death);
      console.log(toRow(result));
      counted[result.reached && result.faults.length === 0 ? 'passed' : 'failed'] += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, lane));
    return counted;
  } finally {
    await ground.close();
  }
}

function isWanted(asked: string, boundary: Boundary, death: Death): boolean {
  if (asked === 'some') return isInSelection(boundary, death);
  return asked === 'all' || asked.split(',').includes(death);
}

function toRow({ boundary, death, reached, files, ended, lost, double, faults }: Case): string {
  const verdict = faults.length === 0 && reached ? 'ok' : [reached ? '' : 'never reached', ...faults].join('; ');
  const figures = `${String(files).padStart(5)}  ${String(ended).padStart(5)}  ${String(lost).padStart(4)}  ${String(double).padStart(6)}`;
  return `${titleOf(boundary).padEnd(58)} ${death.padEnd(5)}  ${figures}  ${verdict}`;
}
