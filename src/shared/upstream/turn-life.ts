/**
 * Where a turn's exchange stands: connecting, written, over. It holds the clocks and the one result, which the first to
 * come decides; before the write every end is `not-sent`, after it none is. No network here.
 */
import { transportFault } from './transport-fault.ts';
import type { Ended, TurnAnswer } from './turn-answer.ts';
import type { TurnOptions } from './turn-options.ts';
import type { TurnEnd, TurnProgress, UpstreamFault } from './types.ts';

export interface TurnLife {
  readonly isOver: () => boolean;
  /** Asks the fence; true once at most, and then the request counts as written. Nothing may come between that and the write. */
  readonly beginWrite: () => boolean;
  readonly setAnswer: (answer: TurnAnswer) => void;
  readonly report: (progress: TurnProgress) => void;
  readonly restartIdle: () => void;
  readonly finish: (end: Ended) => void;
  /** The connection failed. */
  readonly lose: (error: unknown) => void;
}

export function startTurnLife(
  options: TurnOptions,
  resolve: (end: TurnEnd) => void,
  reject: (error: unknown) => void,
): TurnLife {
  let written = false;
  let over = false;
  let answer: TurnAnswer | null = null;
  let idleTimer: NodeJS.Timeout | undefined;

  const settle = (act: () => void): void => {
    if (over) return;
    over = true;
    clearTimeout(totalTimer);
    clearTimeout(idleTimer);
    options.signal?.removeEventListener('abort', onAbort);
    act();
  };
  const finish = (end: Ended): void => settle(() => resolve(toEnd(end, answer)));
  const notSent = (fault: Partial<UpstreamFault>, error?: unknown): void =>
    settle(() => resolve({ kind: 'not-sent', error: { ...transportFault(error, false, null), ...fault } }));
  const stop = (end: Ended, code: UpstreamFault['code']): void => {
    if (written) finish(end);
    else notSent({ code, detail: end });
  };
  const onAbort = (): void => stop('aborted', 'aborted');
  const restartIdle = (): void => {
    if (over) return;
    if (idleTimer === undefined) idleTimer = setTimeout(finish, options.idleTimeoutMs, 'idle');
    else idleTimer.refresh();
  };
  const totalTimer = setTimeout(stop, options.totalTimeoutMs, 'timeout', 'connect_failed');
  if (options.signal?.aborted === true) onAbort();
  else options.signal?.addEventListener('abort', onAbort, { once: true });

  return {
    isOver: () => over,
    beginWrite: () => {
      if (over || written) return false; // a second start would be a second send
      try {
        if (options.beforeSend?.() === false) notSent({ code: 'aborted', detail: 'fenced' });
      } catch (error) {
        settle(() => reject(error));
      }
      written = !over;
      restartIdle();
      return written;
    },
    setAnswer: (given) => {
      answer = given;
    },
    report: (progress) => {
      if (!over) report(options, progress);
    },
    restartIdle,
    finish,
    lose: (error) => {
      if (written) finish(answer?.isStream === false ? 'no-stream' : 'cut');
      else notSent({}, error);
    },
  };
}

function report(options: TurnOptions, progress: TurnProgress): void {
  try {
    options.onProgress?.(progress);
  } catch {
    // Progress is a courtesy: who cannot take it must not cost the outcome of a paid turn.
  }
}

function toEnd(end: Ended, answer: TurnAnswer | null): TurnEnd {
  return answer?.outcome(end) ?? { kind: 'ended', end, reply: '', tools: [], error: null };
}
