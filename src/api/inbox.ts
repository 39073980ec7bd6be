/** What an event stream has been told and not sent yet. Bounded: progress keeps the newest of each file, of so many files. */
import type { LiveProgress } from '../shared/live-progress.ts';
import type { Listener } from './live-feed.ts';

export interface Inbox extends Listener {
  /** Resolves at once when something is there, else as soon as it is, and at the latest after `mostMs`. */
  readonly wait: (mostMs: number) => Promise<void>;
  readonly takeProgress: () => LiveProgress[];
  /** Is there more to read? Progress alone is none; a wait that nothing has ended is looked at, too. */
  readonly takeChanged: () => boolean;
  readonly isEnded: () => boolean;
  /** Called at the end, at once if it has been; the last one that asked alone: nothing piles up on a long stream. */
  readonly onEnd: (tell: () => void) => void;
}

/** Whoever does not take it has an older picture for a moment. */
const mostProgress = 1000;

export function createInbox(): Inbox {
  const progress = new Map<string, LiveProgress>();
  let isWoken = true;
  let isChanged = true;
  let isEnded = false;
  let tellEnd = (): void => undefined;
  let wake = (): void => undefined;
  const awake = (): void => {
    isWoken = true;
    wake();
  };
  const changed = (): void => {
    isChanged = true;
    awake();
  };
  return {
    changed,
    progressed: (one) => {
      progress.set(one.file_id, one);
      if (progress.size > mostProgress) progress.delete(progress.keys().next().value ?? '');
      awake();
    },
    end: () => {
      isEnded = true;
      tellEnd();
      changed();
    },
    wait: async (mostMs) => {
      if (!isWoken) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(changed, mostMs);
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
    takeChanged: () => {
      const taken = isChanged;
      isChanged = false;
      return taken;
    },
    isEnded: () => isEnded,
    onEnd: (tell) => {
      tellEnd = tell;
      if (isEnded) tell();
    },
  };
}
