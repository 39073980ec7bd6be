/**
 * Progress of a running turn: the first sign at once, then at most one a second, and "Still working…" every two
 * minutes (seed). Text goes to the reader as it will be kept; tool calls are never forwarded (seed). A heartbeat brings
 * nothing to tell, and thousands of turns have one every few seconds: it is told once a minute, so that the kept
 * progress does not run out under a long turn.
 */
import type { Context } from '../shared/context.ts';
import type { FileRecord } from '../shared/domain/file.ts';
import { progressPercent } from '../shared/progress-percent.ts';
import { publishProgress } from '../shared/live-progress.ts';
import type { TurnProgress } from '../shared/upstream/types.ts';

const shortestGapMs = 1000;
/** Less than live progress is kept for. */
const heartbeatGapMs = 60_000;
const stillWorkingMs = 120_000;

export interface TurnNotes {
  readonly onProgress: (progress: TurnProgress) => void;
  readonly stop: () => void;
}

export function turnNotes(ctx: Context, file: FileRecord): TurnNotes {
  const progress = progressPercent(file, null);
  let lastAt = -Infinity;
  const tell = (note: string): void => publishProgress(ctx, file, { progress, note });
  const timer = setInterval(() => tell('⏳ Still working...'), stillWorkingMs);
  timer.unref();
  return {
    onProgress: ({ type }) => {
      const now = performance.now();
      if (now - lastAt < (type === 'heartbeat' ? heartbeatGapMs : shortestGapMs)) return;
      lastAt = now;
      tell('editing');
    },
    stop: () => clearInterval(timer),
  };
}
