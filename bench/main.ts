/**
 * npm run bench [-- <name>… --full --runs n --sizes n,n]: runs the benchmarks, prints each figure beside its baseline and
 * its goal, and keeps them in bench/results. Without a name: all of them. A missed goal is told, and is no failure.
 */
import { argv, exit, exitCode, stderr } from 'node:process';
import { parseArgs } from 'node:util';
import type { Bench } from './frame/bench.ts';
import { describe, readMachine } from './frame/machine.ts';
import { keepResults, tableHead, tableLine } from './frame/report.ts';
import { intake } from './intake.ts';
import { makespan } from './makespan.ts';
import { pipeline } from './pipeline.ts';
import { reads } from './reads.ts';
import { renderPoll } from './render-poll.ts';
import { smallBatch } from './small-batch.ts';
import { sse } from './sse.ts';
import { start } from './start.ts';
import { streams } from './streams.ts';
import { uploads } from './uploads.ts';
import { webhook } from './webhook.ts';

const benches: readonly Bench[] = [
  pipeline,
  intake,
  makespan,
  smallBatch,
  streams,
  uploads,
  renderPoll,
  webhook,
  reads,
  sse,
  start,
];

const [first] = argv.slice(2);
// It has a table and options of its own, and needs a Chromium.
if (first === 'dashboard') {
  const dashboard = await import('./dashboard.ts');
  exit((await dashboard.run(argv.slice(3))) ? 0 : 1);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    runs: { type: 'string' },
    sizes: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}\nnpm run bench -- <name>…, any of:`);
  for (const { name, compares } of benches) console.error(`  ${name.padEnd(12)} ${compares}`);
  console.error('  dashboard    the page in a real Chromium');
  exit(2);
}

const runs = Number(values.runs ?? (values.full ? 5 : 3));
const sizes = values.sizes?.split(',').map(Number) ?? null;
const machine = await readMachine();
console.log(`${describe(machine)}\n\n${tableHead}`);
let failed = 0;
for (const bench of benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const startedAt = performance.now();
  const say = (line: string): unknown => stderr.write(`  ${bench.name}: ${line}\n`);
  try {
    const rows = await bench.run({ full: values.full, runs, sizes, say });
    await keepResults(bench.name, { machine, size: values.full ? 'full' : 'quick', rows });
    for (const row of rows) console.log(tableLine(row));
    say(`${Math.round((performance.now() - startedAt) / 1000)} s`);
  } catch (error) {
    failed += 1;
    console.error(bench.name, error);
  }
}
exit(failed > 0 ? 1 : (exitCode ?? 0));
