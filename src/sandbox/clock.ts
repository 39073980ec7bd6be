/** Waiting on the sandbox's own time scale: 20 makes a turn of 20 s last one second, 0 makes it instant. */
import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  readonly now: () => number;
  /** Waits for `durationMs` of sandbox time, or until the sandbox closes. Never rejects. */
  readonly sleep: (durationMs: number) => Promise<void>;
  /** Waits for real milliseconds, for faults that say when exactly. */
  readonly sleepReal: (durationMs: number) => Promise<void>;
  readonly scaled: (durationMs: number) => number;
}

export function createClock(timeScale: () => number, closing: AbortSignal): Clock {
  const scaled = (durationMs: number): number => {
    const scale = timeScale();
    return scale === 0 || !Number.isFinite(scale) ? 0 : durationMs / scale;
  };
  const sleepReal = async (durationMs: number): Promise<void> => {
    if (durationMs <= 0 || closing.aborted) return;
    // The only rejection is the abort on close, and then whoever waits may go on to its own end.
    await wait(durationMs, undefined, { signal: closing, ref: false }).catch(() => undefined);
  };
  return { now: () => Date.now(), scaled, sleepReal, sleep: (durationMs) => sleepReal(scaled(durationMs)) };
}
