/**
 * The life of a turn's one HTTP exchange: connecting → written → answered → ended, and the clocks over it. Only the
 * message's own end (last chunk, or Content-Length reached) counts as closed; everything else leaves the outcome unknown.
 */
import type { Dispatcher } from 'undici';
import { transportFault } from './transport-fault.ts';
import { createTurnAnswer, type TurnAnswer } from './turn-answer.ts';
import type { TurnOptions } from './run-turn.ts';
import type { FaultCode, TurnEnd, TurnProgress } from './types.ts';

export interface TurnExchange {
  readonly client: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly secret: string;
  readonly options: TurnOptions;
}

type Ended = Extract<TurnEnd, { kind: 'ended' }>['end'];

export function exchangeTurn(exchange: TurnExchange): Promise<TurnEnd> {
  const { options } = exchange;
  return new Promise((resolve, reject) => {
    let written = false;
    let done = false;
    let answer: TurnAnswer | null = null;
    let idleTimer: NodeJS.Timeout | undefined;

    const settle = (act: () => void): void => {
      if (done) return;
      done = true;
      clearTimeout(totalTimer);
      clearTimeout(idleTimer);
      options.signal?.removeEventListener('abort', onAbort);
      act();
    };
    const finish = (end: Ended): void => settle(() => resolve(toEnd(end, answer)));
    const notSent = (code: FaultCode, error: unknown): void =>
      settle(() => resolve({ kind: 'not-sent', error: { ...transportFault(error, false, null), code } }));
    const stop = (end: Ended, code: FaultCode): void => {
      if (written) finish(end);
      else notSent(code, new Error(end));
    };
    const onAbort = (): void => stop('aborted', 'aborted');
    const restartIdle = (): void => {
      clearTimeout(idleTimer);
      if (!done) idleTimer = setTimeout(finish, options.idleTimeoutMs, 'idle');
    };
    const totalTimer = setTimeout(stop, options.totalTimeoutMs, 'timeout', 'connect_failed');
    if (options.signal?.aborted === true) {
      onAbort();
      return;
    }
    options.signal?.addEventListener('abort', onAbort, { once: true });

    /** Right before the write, on an open connection: the last moment at which nothing has happened yet. */
    const mayWrite = (): boolean => {
      if (done || written) return false; // a second start would be a second send
      try {
        if (options.beforeSend?.() === false) notSent('aborted', new Error('fenced'));
      } catch (error) {
        settle(() => reject(error instanceof Error ? error : new Error('beforeSend', { cause: error })));
      }
      return !done;
    };
    exchange.client.dispatch(toDispatchOptions(exchange), {
      onRequestStart: (controller) => {
        if (!mayWrite()) {
          controller.abort(new Error('not sent'));
          return;
        }
        written = true;
        restartIdle();
      },
      onResponseStart: (_controller, status, headers) => {
        if (status < 200) return;
        answer = createTurnAnswer({
          status,
          headers,
          secret: exchange.secret,
          onProgress: (progress) => {
            if (!done) report(options, progress);
          },
          onEnd: finish,
          onActivity: restartIdle,
        });
      },
      onResponseData: (_controller, chunk) => answer?.feed(chunk),
      onResponseEnd: () => answer?.end(),
      onResponseError: (_controller, error) => {
        if (written) finish(answer?.isStream === false ? 'no-stream' : 'cut');
        else notSent('connect_failed', error);
      },
    });
  });
}

function report(options: TurnOptions, progress: TurnProgress): void {
  try {
    options.onProgress?.(progress);
  } catch {
    // Progress is a courtesy: who cannot take it must not cost the outcome of a paid turn.
  }
}

function toDispatchOptions(exchange: TurnExchange): Dispatcher.DispatchOptions {
  const { origin, path, headers, body } = exchange;
  return { origin, path, method: 'POST', headers, body, idempotent: false, headersTimeout: 0, bodyTimeout: 0 };
}

function toEnd(end: Ended, answer: TurnAnswer | null): TurnEnd {
  return answer?.outcome(end) ?? { kind: 'ended', end, reply: '', tools: [], error: null };
}
