/** What a benchmark is to the frame: a name, what it compares, and rows. */
import type { Row } from './row.ts';

export interface BenchOptions {
  /** All sizes instead of the quick ones. */
  readonly full: boolean;
  readonly runs: number;
  /** Sizes named by hand, where the benchmark has any. */
  readonly sizes: readonly number[] | null;
  /** Tells what is going on, on stderr. */
  readonly say: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  readonly compares: string;
  readonly run: (options: BenchOptions) => Promise<Row[]>;
}

/**
 * Runs both sides `runs` times in turn, the other one first in each other round, so that what drifts (heat, other work,
 * a cache that fills) meets both alike. `warmUp`: once each before, not counted.
 */
export async function alternate<Ours, Theirs>(
  options: { readonly runs: number; readonly warmUp: boolean },
  ours: () => Promise<Ours>,
  theirs: () => Promise<Theirs>,
): Promise<{ readonly ours: Ours[]; readonly theirs: Theirs[] }> {
  const out = { ours: [] as Ours[], theirs: [] as Theirs[] };
  if (options.warmUp) {
    await theirs();
    await ours();
  }
  for (let run = 0; run < options.runs; run += 1) {
    if (run % 2 === 0) out.theirs.push(await theirs());
    out.ours.push(await ours());
    if (run % 2 === 1) out.theirs.push(await theirs());
  }
  return out;
}
