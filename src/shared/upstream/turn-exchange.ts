/**
 * A turn's one HTTP exchange. undici calls onRequestStart on an open connection (TCP and TLS done) and writes the request
 * in the same tick when it returns: that is where the fence stands. Only the message's own end (last chunk, or
 * Content-Length reached) counts as closed; everything else leaves the outcome unknown.
 */
import type { Dispatcher } from 'undici';
import type { TurnOptions } from './turn-options.ts';
import { createTurnAnswer, type TurnAnswer } from './turn-answer.ts';
import { startTurnLife, type TurnLife } from './turn-life.ts';
import type { TurnEnd } from './types.ts';

export interface TurnExchange {
  /** A client of its own: a pooled one could hand over a connection that is just being closed. */
  readonly client: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly secret: string;
  readonly options: TurnOptions;
}

export function exchangeTurn(exchange: TurnExchange): Promise<TurnEnd> {
  return new Promise((resolve, reject) => {
    const life = startTurnLife(exchange.options, resolve, reject);
    if (!life.isOver()) exchange.client.dispatch(toDispatchOptions(exchange), createHandler(life, exchange.secret));
  });
}

function createHandler(life: TurnLife, secret: string): Dispatcher.DispatchHandler {
  let answer: TurnAnswer | null = null;
  return {
    onRequestStart: (controller) => {
      if (!life.beginWrite()) controller.abort(new Error('not sent'));
    },
    onResponseStart: (_controller, status, headers) => {
      if (status < 200) return; // an early hint is no answer
      const { report, finish, restartIdle } = life;
      answer = createTurnAnswer({
        status,
        headers,
        secret,
        onProgress: report,
        onEnd: finish,
        onActivity: restartIdle,
      });
      life.setAnswer(answer);
    },
    onResponseData: (_controller, chunk) => answer?.feed(chunk),
    onResponseEnd: () => answer?.end(),
    onResponseError: (_controller, error) => life.lose(error),
  };
}

function toDispatchOptions(exchange: TurnExchange): Dispatcher.DispatchOptions {
  const { origin, path, headers, body } = exchange;
  return { origin, path, method: 'POST', headers, body, idempotent: false, headersTimeout: 0, bodyTimeout: 0 };
}
