/** Runs at most `max` tasks at a time; the rest wait in order. */

export interface Limiter {
  readonly run: <T>(task: () => Promise<T>) => Promise<T>;
}

export function createLimiter(max: number): Limiter {
  const waiting: (() => void)[] = [];
  let free = max;
  const enter = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    run: async (task) => {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
