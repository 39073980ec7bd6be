/** When a batch may end: an estimate with its margins, never a promise. Pure arithmetic; no clock. */

export interface Eta {
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
}

export interface Course {
  readonly total: number;
  /** Files that have ended, however. */
  readonly done: number;
  /** Ms of Redis' clock; null: not started. */
  readonly startedAt: number | null;
  readonly now: number;
  /** Files of this batch that can be at work at once. */
  readonly window: number;
  /** What one file took lately from admission to its end; null: nothing is known yet. */
  readonly recentSecondsPerFile: number | null;
}

/** Null: nothing remains, or nothing is known to go by. */
export function etaOf(course: Course): Eta | null {
  const remaining = course.total - course.done;
  const perFile = secondsPerFile(course);
  if (remaining <= 0 || perFile === null) return null;
  const seconds = perFile * Math.max(1, remaining / slots(course, remaining));
  // The more files have ended, the less the rest can differ from them: ± a half at first, ± a tenth in the long run.
  const margin = Math.max(0.1, 0.5 / Math.sqrt(1 + course.done));
  return {
    seconds: Math.round(seconds),
    low: Math.floor(seconds * (1 - margin)),
    high: Math.ceil(seconds * (1 + margin)),
  };
}

const slots = ({ window }: Course, files: number): number => Math.max(1, Math.min(window, files));

/** Without a measured figure: what the slots have spent on what has ended so far. */
function secondsPerFile(course: Course): number | null {
  const { recentSecondsPerFile, done, startedAt, now, total } = course;
  if (recentSecondsPerFile !== null) return Math.max(0, recentSecondsPerFile);
  if (done <= 0 || startedAt === null || now <= startedAt) return null;
  return (((now - startedAt) / 1000) * slots(course, total)) / Math.max(done, slots(course, total));
}
