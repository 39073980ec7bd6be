/**
 * `npm run chaos`: proves the promises by dying. Runs the scenarios of scenarios.ts, or those that `--only` names, and
 * ends with "N passed, N failed".
 */
import { parseArgs } from 'node:util';
import { runOutages } from './outages/run-outages.ts';
import type { Scenario, Tally } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    deaths: { type: 'string', default: 'some' },
    outages: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

if (values.help === true) {
  console.log(
    'npm run chaos -- [--only <part of a scenario or of a boundary>] [--deaths some|all|kill,stop,term] [--kills 40] [--seed 1]\n' +
      `  scenarios  ${scenarios.map(({ name }) => name).join(', ')}\n` +
      '  deaths     kill -9, SIGSTOP past the lock and SIGCONT, SIGTERM. some (default): kill -9 at boundaries that are not\n' +
      '             much like another, the other two where they are delicate; kill: at every one; all: the whole matrix\n' +
      '             × all three, about 20 minutes on two cores\n' +
      '  kills      random kills; 0: none\n' +
      'npm run chaos -- --outages [--long] [--only <part of a scenario>]\n' +
      '  outages of Redis and of the upstream instead; long: also those that last a minute and more',
  );
  process.exit(0);
}

const { only, deaths } = values;
const isNamed = ({ name }: Scenario): boolean => only === undefined || name.includes(only);
const holds = ({ parts }: Scenario): boolean => parts?.some((part) => part.includes(only ?? '')) ?? false;

async function runAll(): Promise<Tally> {
  const total = { passed: 0, failed: 0 };
  for (const scenario of scenarios.filter((one) => isNamed(one) || holds(one))) {
    const { passed, failed } = await scenario.run({
      only: isNamed(scenario) ? null : (only ?? null),
      deaths,
      kills: Number(values.kills),
      seed: Number(values.seed),
    });
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

const { passed, failed } = values.outages
  ? await runOutages({ isLong: values.long, only: values.only })
  : await runAll();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
