/**
 * Large JSON bodies go through one after the other, a few at a time: read, judged and stored, one takes about ten times its
 * size on the heap until it is answered. The others wait as bytes, off the heap, whatever number comes at once.
 */
import { finished } from 'node:stream/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createLimit } from '../shared/limit.ts';
import { requestTooSlow } from './refuse-socket.ts';
import { RefusedError } from './refused-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Resolves when a body of so many bytes may be parsed; its place is free again when the request is answered. */
    takeTurn: (bytes: number) => Promise<void>;
  }
}

export const largeBodyBytes = 1024 * 1024;
const mostAtOnce = 2;

export function takeLargeBodiesInTurn(app: FastifyInstance): void {
  const limit = createLimit(mostAtOnce);
  app.decorateRequest('takeTurn');
  app.addHook('preParsing', async (request: FastifyRequest, { raw }) => {
    request.takeTurn = async (bytes) => {
      if (bytes < largeBodyBytes) return;
      const turn = Promise.withResolvers<void>();
      void limit(async () => {
        // Nobody is there any more to be told: nothing is taken.
        if (raw.destroyed) return turn.reject(new RefusedError(requestTooSlow));
        turn.resolve();
        // A connection that breaks ends it as an answer does.
        await finished(raw).catch(() => undefined);
      });
      await turn.promise;
    };
  });
}
