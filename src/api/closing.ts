/**
 * How the API goes down: from the signal on it is not ready and takes nothing new; requests that are under way may end.
 * It closes no socket: the process does, when the time is over.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Api } from './api.ts';
import { RefusedError } from './refused-error.ts';

export interface Closing {
  readonly isClosing: () => boolean;
  /** Begins the end. Resolves once every request that had come before has been answered. */
  readonly begin: () => Promise<void>;
  readonly entered: (request: object) => void;
  readonly left: (request: object) => void;
}

export function createClosing(): Closing {
  const underWay = new Set<object>();
  const ended = Promise.withResolvers<void>();
  let isClosing = false;
  const settle = (): void => {
    if (isClosing && underWay.size === 0) ended.resolve();
  };
  return {
    isClosing: () => isClosing,
    begin: () => {
      isClosing = true;
      settle();
      return ended.promise;
    },
    entered: (request) => {
      // What comes later is answered, and nobody waits for it.
      if (!isClosing) underWay.add(request);
    },
    left: (request) => {
      underWay.delete(request);
      settle();
    },
  };
}

/** Another process takes it: the caller, or the proxy in front, only has to ask again. */
const closingNow = (): RefusedError =>
  new RefusedError({
    status: 503,
    code: 'closing',
    detail: 'This process is closing; ask again.',
    headers: { 'retry-after': '1' },
  });

export function addClosing(app: Api, closing: Closing): void {
  app.addHook('onRequest', async (request, reply) => {
    follow(closing, request, reply);
    if (!closing.isClosing()) return;
    reply.header('connection', 'close');
    if (request.method !== 'GET' && request.method !== 'HEAD') throw closingNow();
  });
}

/** Live events have no end of their own: they are told to end when the server closes. */
function follow(closing: Closing, request: FastifyRequest, reply: FastifyReply): void {
  if (request.routeOptions.config.isEndless === true) return;
  closing.entered(request);
  // An answer that was cut by its reader is over, too: no hook tells of that.
  reply.raw.once('close', () => closing.left(request));
  reply.raw.once('finish', () => closing.left(request));
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its answer goes on until one side ends it. */
    isEndless?: boolean;
  }
}
