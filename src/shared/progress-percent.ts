/** How far a file is, 0 to 100: by its record, or, where that is further, by what its run last told. Pure. */
import type { FileRecord } from './domain/file.ts';
import { progressOf } from './domain/progress-of.ts';
import type { Live } from './read-file.ts';

export function progressPercent(file: FileRecord, live: Live | null): number {
  const least = progressOf(file);
  if (least === 100 || live === null || live.progress === null) return least;
  return Math.min(99, Math.max(least, Math.round(live.progress)));
}
