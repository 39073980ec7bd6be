/** One thing from the server, for as long as it is on screen. What was there stays until the new one has come. */
import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { read } from '../data/call.ts';

export interface Loaded<T> {
  readonly value: ReadonlySignal<T | null>;
  readonly failure: ReadonlySignal<Error | null>;
  /** At most so often: calls in between are one more at the end. */
  readonly reload: () => void;
}

const gapMs = 700;

export function useLoaded<T>(path: string): Loaded<T> {
  const value = useSignal<T | null>(null);
  const failure = useSignal<Error | null>(null);
  const state = useRef({ isRunning: false, again: false, closed: false });
  const reload = useCallback((): void => {
    const { current } = state;
    current.again = true;
    if (current.isRunning) return;
    current.isRunning = true;
    void (async () => {
      while (current.again && !current.closed) {
        current.again = false;
        try {
          value.value = await read<T>(path);
          failure.value = null;
        } catch (error) {
          failure.value = error instanceof Error ? error : new Error(String(error));
        }
        await new Promise((resolve) => setTimeout(resolve, gapMs));
      }
      current.isRunning = false;
    })();
  }, [path]);
  useEffect(() => {
    state.current.closed = false;
    reload();
    return () => {
      state.current.closed = true;
    };
  }, [reload]);
  return { value, failure, reload };
}
