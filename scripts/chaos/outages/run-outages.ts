/** Every scenario of an outage, one after the other, each printed as a row. */
import { redisGone } from './redis-gone.ts';
import { redisTrouble } from './redis-trouble.ts';
import { upstream } from './upstream.ts';
import { runScenario, toLine, type Scenario } from './scenario.ts';

const scenarios: readonly Scenario[] = [...redisGone, ...redisTrouble, ...upstream];

export async function runOutages(options: {
  readonly isLong: boolean;
  readonly only: string | undefined;
}): Promise<{ passed: number; failed: number }> {
  const counted = { passed: 0, failed: 0 };
  const { isLong, only } = options;
  for (const scenario of scenarios) {
    if (scenario.isLong === true && !isLong) continue;
    if (only !== undefined && !only.split(',').some((part) => scenario.name.includes(part))) continue;
    const row = await runScenario(scenario);
    console.log(toLine(row));
    counted[row.faults.length === 0 ? 'passed' : 'failed'] += 1;
  }
  return counted;
}
