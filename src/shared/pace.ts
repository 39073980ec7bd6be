/**
 * How fast files end, and how long what is waiting will take at that pace: the figure that autoscalers read. Pure; the
 * counts are kept by the scripts (mark_pace in lib.lua), in time in which any file was in flight.
 */

/** As stored: both fade with `paceMs` of busy time, so their ratio is the rate of the last minutes of work. */
export interface Pace {
  readonly ended: number;
  readonly busyMs: number;
  /** Redis' clock, when they were written; null: nothing has ever been in flight. */
  readonly at: number | null;
}

export const paceMs = 300_000;
/** Until the first file has ended: the upstream's own "1 to 3 minutes" for a clip. */
const usualFileSeconds = 120;

export interface Work {
  /** Files that could be admitted if there were room. */
  readonly waiting: number;
  readonly inFlight: number;
  /** How many files may be in flight. */
  readonly window: number;
}

/** Files a second. While files are in flight and none ends, it falls: that is what a stop looks like. */
export function filesPerSecond(pace: Pace, work: Work, now: number): number {
  const sinceMs = pace.at === null || work.inFlight === 0 ? 0 : Math.max(0, now - pace.at);
  const kept = Math.exp(-sinceMs / paceMs);
  const busyMs = pace.busyMs * kept + paceMs * (1 - kept);
  const usual = Math.max(1, work.window) / usualFileSeconds;
  return pace.ended === 0 || busyMs === 0 ? usual : ((pace.ended * kept) / busyMs) * 1000;
}

/** What waits and what is in flight, at the present pace; 0 when there is nothing to do. */
export function backlogSeconds(pace: Pace, work: Work, now: number): number {
  const files = work.waiting + work.inFlight;
  return files === 0 ? 0 : files / filesPerSecond(pace, work, now);
}
