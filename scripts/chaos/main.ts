/**
 * `npm run chaos`: proves the two promises by dying. The kill matrix (each boundary × each kind of death), then random
 * kills. Ends with "N passed, N failed"; a boundary that was never reached counts as failed.
 */
import { parseArgs } from 'node:util';
import { openArena, type Arena } from './arena.ts';
import { runCase, type Case } from './kill-matrix.ts';
import { deaths, points } from './points.ts';
import { runOutages } from './outages/run-outages.ts';
import { runRandomKills } from './random-kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    deaths: { type: 'string', default: 'kill' },
    outages: { type: 'boolean' },
    long: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

if (values.help === true) {
  console.log(
    'npm run chaos -- [--deaths kill,stop,term|all] [--only <part of a boundary>] [--kills 40] [--seed 1]\n' +
      '  deaths  kill -9, SIGSTOP past the lock and SIGCONT, SIGTERM; default kill\n' +
      '  kills   random kills after the matrix; 0: none\n' +
      'npm run chaos -- --outages [--long] [--only <part of a scenario>]\n' +
      '  outages of Redis and of the upstream instead; long: also those that last a minute and more',
  );
  process.exit(0);
}

if (values.outages === true) {
  const { passed, failed } = await runOutages({ isLong: values.long, only: values.only });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

const wanted = values.deaths === 'all' ? deaths : deaths.filter((death) => values.deaths.split(',').includes(death));
const chosen = points.filter((point) => values.only === undefined || point.includes(values.only));

function row({ point, death, reached, ended, lost, double, faults }: Case): string {
  const verdict = faults.length === 0 && reached ? 'ok' : [reached ? '' : 'never reached', ...faults].join('; ');
  return `${point.padEnd(44)} ${death.padEnd(5)} ended ${ended}  lost ${lost}  double ${double}  ${verdict}`;
}

async function runMatrix(arena: Arena): Promise<{ passed: number; failed: number }> {
  const counted = { passed: 0, failed: 0 };
  for (const death of wanted) {
    for (const point of chosen) {
      const result = await runCase(arena, point, death);
      console.log(row(result));
      counted[result.reached && result.faults.length === 0 ? 'passed' : 'failed'] += 1;
    }
  }
  return counted;
}

async function runKills(arena: Arena): Promise<{ passed: number; failed: number }> {
  const kills = Number(values.kills);
  if (kills === 0) return { passed: 0, failed: 0 };
  const { batches, verdicts } = await runRandomKills(arena, kills, Number(values.seed));
  const faulty = verdicts.filter(({ faults }) => faults.length > 0);
  const sum = (of: (verdict: (typeof verdicts)[number]) => number) =>
    verdicts.reduce((total, one) => total + of(one), 0);
  console.log(
    `${kills} random kills (seed ${values.seed}), ${batches} batches: ended ${sum(({ ended }) => ended)}  lost ${sum(({ lost }) => lost)}  double ${sum(({ double }) => double)}`,
  );
  for (const { faults } of faulty) console.log(`  ${faults.join('; ')}`);
  return { passed: verdicts.length - faulty.length, failed: faulty.length };
}

const arena = await openArena();
try {
  const matrix = await runMatrix(arena);
  const random = await runKills(arena);
  const failed = matrix.failed + random.failed;
  console.log(`${matrix.passed + random.passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await arena.close();
}
