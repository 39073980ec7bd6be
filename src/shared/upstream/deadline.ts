/** One AbortSignal out of a caller's signal and a time limit, and which of the two it was. Must be released. */
import type { Stopped } from './transport-fault.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  readonly stopped: () => Stopped;
  /** The time limit ends, the caller's signal still counts: for a body that is read by somebody else. */
  readonly stopClock: () => void;
  readonly release: () => void;
}

export function startDeadline(timeoutMs: number, signal: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let stopped: Stopped = null;
  const stop = (reason: Exclude<Stopped, null>): void => {
    stopped ??= reason;
    controller.abort();
  };
  const onAbort = (): void => stop('signal');
  const timer = setTimeout(() => stop('deadline'), timeoutMs);
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    stopped: () => stopped,
    stopClock: () => clearTimeout(timer),
    release: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
