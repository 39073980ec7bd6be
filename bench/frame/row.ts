/** A figure beside its baseline and its goal, and what is said of them. Pure. */

export type Goal =
  /** Ours ÷ baseline, of the same run. */
  | { readonly kind: 'ratio at most' | 'ratio at least'; readonly value: number }
  | { readonly kind: 'at most' | 'at least'; readonly value: number }
  /** Ours − baseline, of the same run. */
  | { readonly kind: 'more by at most'; readonly value: number };

export interface Row {
  readonly what: string;
  readonly unit: string;
  /** One value a run. */
  readonly ours: readonly number[];
  /** One value a run, each taken beside the one of ours at the same place. */
  readonly baseline?: { readonly what: string; readonly values: readonly number[] };
  /** Absent: shown for comparison. */
  readonly goal?: Goal;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return NaN;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The nearest value at or above that share of all. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? NaN;
}

/** Run by run: what both shared (other work on the machine, say) is in neither. Null: no baseline. */
export function ratioOf({ ours, baseline }: Row): number | null {
  if (baseline === undefined) return null;
  return median(ours.map((value, at) => value / (baseline.values[at] ?? NaN)));
}

/** Null: no goal. What could not be measured is not met. */
export function isMet(row: Row): boolean | null {
  const { goal, ours, baseline } = row;
  if (goal === undefined) return null;
  const value = median(ours);
  const ratio = ratioOf(row) ?? NaN;
  switch (goal.kind) {
    case 'ratio at most':
      return ratio <= goal.value;
    case 'ratio at least':
      return ratio >= goal.value;
    case 'at most':
      return value <= goal.value;
    case 'at least':
      return value >= goal.value;
    case 'more by at most':
      return median(ours.map((one, at) => one - (baseline?.values[at] ?? NaN))) <= goal.value;
  }
}
