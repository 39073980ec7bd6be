/**
 * Large JSON bodies go through one after the other, a few at a time: read, judged and stored, one takes about ten times its
 * size on the heap until it is answered. The others wait as bytes, off the heap, whatever number comes at once.
 */
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
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
  const waiting: (() => void)[] = [];
  let free = mostAtOnce;
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  app.decorateRequest('takeTurn');
  app.addHook('preParsing', async (request: FastifyRequest, reply) => {
    request.takeTurn = async (bytes) => {
      if (bytes < largeBodyBytes) return;
      if (free > 0) free -= 1;
      else await new Promise<void>((go) => waiting.push(go));
      // Nobody is there any more to be told: nothing is taken.
      if (reply.raw.destroyed) {
        leave();
        throw new RefusedError(requestTooSlow);
      }
      finished(reply.raw, leave);
    };
  });
}
