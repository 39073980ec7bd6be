/** What an event stream has been told and not sent yet. Bounded by the batch: progress keeps the newest of each file. */
import type { LiveProgress } from '../shared/live-progress.ts';
import type { Listener } from './live-feed.ts';

export interface Inbox extends Listener {
  /** Resolves at once when something is there, else as soon as it is, and at the latest after `mostMs`. */
  readonly wait: (mostMs: number) => Promise<void>;
  readonly takeProgress: () => LiveProgress[];
  readonly isEnded: () => boolean;
  readonly ended: Promise<void>;
}

export function createInbox(): Inbox {
  const progress = new Map<string, LiveProgress>();
  let isWoken = true;
  let isEnded = false;
  const end = Promise.withResolvers<void>();
  let wake = (): void => undefined;
  const changed = (): void => {
    isWoken = true;
    wake();
  };
  return {
    changed,
    progressed: (one) => {
      progress.set(one.file_id, one);
      changed();
    },
    end: () => {
      isEnded = true;
      end.resolve();
      changed();
    },
    wait: async (mostMs) => {
      if (!isWoken) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, mostMs);
        await promise;
        clearTimeout(timer);
      }
      isWoken = false;
    },
    takeProgress: () => {
      const taken = [...progress.values()];
      progress.clear();
      return taken;
    },
    isEnded: () => isEnded,
    ended: end.promise,
  };
}
