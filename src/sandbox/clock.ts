/** Waiting on the sandbox's own time scale: 20 makes a turn of 20 s last one second, 0 makes it instant. */

export interface Clock {
  readonly now: () => number;
  /** Waits for `durationMs` of sandbox time, or until the sandbox closes. Never rejects. */
  readonly sleep: (durationMs: number) => Promise<void>;
  /** Waits for real milliseconds, for faults that say when exactly. */
  readonly sleepReal: (durationMs: number) => Promise<void>;
}

export function createClock(timeScale: () => number, closing: AbortSignal): Clock {
  // One listener for all: thousands of turns may wait at once, and a signal's listeners are a list.
  const waiting = new Set<() => void>();
  closing.addEventListener('abort', () => {
    for (const wake of waiting) wake();
  });
  const sleepReal = async (durationMs: number): Promise<void> => {
    if (durationMs <= 0 || closing.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, durationMs);
      waiting.add(wake);
    });
  };
  const sleep = async (durationMs: number): Promise<void> => {
    const scale = timeScale();
    if (scale > 0) await sleepReal(durationMs / scale);
  };
  return { now: () => Date.now(), sleep, sleepReal };
}
