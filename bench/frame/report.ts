/** Prints rows as a table of Markdown, as it stands in bench/README.md, and keeps them as JSON in bench/results. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { isMet, median, ratioOf, type Goal, type Row } from './row.ts';

export const resultsDir = join(import.meta.dirname, '..', 'results');

const short = (value: number): string => {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
};

/** Median, and from least to most where there were several. */
function spread(values: readonly number[]): string {
  const middle = short(median(values));
  return values.length < 2 ? middle : `${middle} (${short(Math.min(...values))}–${short(Math.max(...values))})`;
}

function goalText(goal: Goal | undefined, unit: string): string {
  if (goal === undefined) return '';
  const value = short(goal.value);
  switch (goal.kind) {
    case 'ratio at most':
      return `≤ ${value} ×`;
    case 'ratio at least':
      return `≥ ${value} ×`;
    case 'at most':
      return `≤ ${value} ${unit}`;
    case 'at least':
      return `≥ ${value} ${unit}`;
    case 'more by at most':
      return `≤ + ${value} ${unit}`;
  }
}

const verdicts = new Map<boolean | null, string>([
  [true, 'met'],
  [false, '**missed**'],
  [null, ''],
]);

export const tableHead = '| what | ours | baseline | ratio | goal | |\n|---|---|---|---|---|---|';

export function tableLine(row: Row): string {
  const ratio = ratioOf(row);
  const baseline = row.baseline === undefined ? '' : `${spread(row.baseline.values)} (${row.baseline.what})`;
  const cells = [
    row.what,
    `${spread(row.ours)} ${row.unit}`,
    baseline,
    ratio === null ? '' : `${short(ratio)} ×`,
    goalText(row.goal, row.unit),
    verdicts.get(isMet(row)) ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}

export async function keepResults(
  name: string,
  result: { readonly machine: Machine; readonly size: string; readonly rows: readonly Row[] },
): Promise<string> {
  await mkdir(resultsDir, { recursive: true });
  const path = join(resultsDir, `${name}.${result.size}.json`);
  const rows = result.rows.map((row) => ({ ...row, ratio: ratioOf(row), met: isMet(row) }));
  await writeFile(path, `${JSON.stringify({ name, at: new Date().toISOString(), ...result, rows }, null, 2)}\n`);
  return path;
}
