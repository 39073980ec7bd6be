/** The ideal that a makespan is held against: what the capacity and the protocol's own waits leave no way around. Pure. */

export interface Job {
  readonly turnMs: number;
  readonly renderMs: number;
}

export interface Waits {
  readonly settleMs: number;
  readonly pollMs: number;
}

/** A render is seen done at a poll, and the first poll comes one interval after the submission. */
export function durationMs({ turnMs, renderMs }: Job, { settleMs, pollMs }: Waits): number {
  return turnMs + settleMs + Math.max(1, Math.ceil(renderMs / pollMs)) * pollMs;
}

/** Files in their order, each as soon as one of `slots` is free. */
export function idealMs(durations: readonly number[], slots: number): number {
  const freeAt = Array.from({ length: slots }, () => 0);
  for (const duration of durations) {
    const next = freeAt.indexOf(Math.min(...freeAt));
    freeAt[next] = (freeAt[next] ?? 0) + duration;
  }
  return Math.max(...freeAt);
}

/**
 * The same work under a capacity that changes, with pauses in which nothing new begins: as a fluid, which no schedule of
 * whole files can beat.
 */
export function fluidMs(
  workMs: number,
  capacity: readonly { readonly most: number; readonly fromMs: number }[],
): number {
  let left = workMs;
  for (const [at, { most, fromMs }] of capacity.entries()) {
    const untilMs = capacity[at + 1]?.fromMs ?? Infinity;
    const takes = left / most;
    if (fromMs + takes <= untilMs) return fromMs + takes;
    left -= most * (untilMs - fromMs);
  }
  return Infinity;
}
