/** Prints results: a line for all combinations of a row that saw the same, so that what differs stands out. */
import type { Result } from './run-row.ts';

export function printTable(results: readonly Result[], combinations: number): void {
  const lines = [['what', 'rule', 'dialect/code', 'seen', 'verdict'], ...group(results, combinations)];
  const [what, rule, where] = [52, 40, 13];
  for (const [a = '', b = '', c = '', d = '', e = ''] of lines) {
    const [first = '', ...more] = d.split('\n');
    console.log(`${e.padEnd(7)} ${fit(a, what)} ${fit(b, rule)} ${fit(c, where)} ${first}`);
    for (const line of more.slice(0, 6)) console.log(`        ${line}`);
  }
}

const fit = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);

function group(results: readonly Result[], combinations: number): string[][] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.row.what}|${result.verdict}|${withoutIds(result.seen)}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map((same) => {
    const [{ row, seen, verdict }] = same as [Result];
    const places = same.map(({ dialect, codeIn }) => `${dialect}/${codeIn}`);
    return [row.what, row.rule, same.length === combinations ? 'all' : places.join(' '), seen, verdict];
  });
}

const withoutIds = (text: string): string => text.replace(/\d{6,}|[0-9a-f-]{20,}|r\d+-/gu, '…');

export function closingLine(results: readonly Result[]): { readonly line: string; readonly failed: number } {
  const count = (verdict: Result['verdict']): number => results.filter((result) => result.verdict === verdict).length;
  const [passed, failed, skipped] = [count('pass'), count('FAIL'), count('skip')];
  return { line: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`, failed };
}
