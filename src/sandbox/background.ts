/** Work that no request waits for (turns, renders, late changes), kept in sight so that closing can wait for it. */

export interface Background {
  /** Starts nothing: takes a promise that must not reject. */
  readonly add: (work: Promise<void>) => void;
  readonly settled: () => Promise<void>;
}

export function createBackground(): Background {
  const running = new Set<Promise<void>>();
  return {
    add: (work) => {
      const tracked = work.finally(() => running.delete(tracked));
      running.add(tracked);
    },
    settled: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
