/**
 * Cuts bodies that trickle in: each may take a while, and longer the more of it has come, so that 500 MB over a slow
 * line pass and a byte every few seconds does not. (Node's own limit is one for all requests, whatever they carry.)
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { FastifyRequest } from 'fastify';
import type { Api } from './api.ts';
import type { HttpLimits } from './http-limits.ts';
import { refuseSocket, requestTooSlow } from './refuse-socket.ts';

interface Receiving {
  readonly raw: IncomingMessage;
  readonly since: number;
  readonly bytesBefore: number;
}

export function cutSlowBodies(app: Api, limits: HttpLimits): void {
  const receiving = new Map<IncomingMessage, Receiving>();
  app.addHook('onRequest', async ({ raw }: FastifyRequest) => {
    if (hasNoBody(raw)) return;
    receiving.set(raw, { raw, since: performance.now(), bytesBefore: bytesOf(raw.socket) });
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const one of receiving.values()) {
      if (one.raw.complete || one.raw.destroyed) receiving.delete(one.raw);
      else if (isTooSlow(one, now, limits)) cut(one);
    }
  }, limits.checkMs);
  timer.unref();
  app.addHook('onClose', async () => clearInterval(timer));

  function cut({ raw }: Receiving): void {
    receiving.delete(raw);
    app.log.info({ received: bytesOf(raw.socket) }, 'body too slow; cut');
    refuseSocket(raw.socket, requestTooSlow);
  }
}

const hasNoBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

/** An injected request of a test has no such socket. */
const bytesOf = (socket: Socket | undefined): number => socket?.bytesRead ?? 0;

function isTooSlow({ raw, since, bytesBefore }: Receiving, now: number, limits: HttpLimits): boolean {
  const earnedMs = ((bytesOf(raw.socket) - bytesBefore) / limits.bodyBytesPerSecond) * 1000;
  return now - since > limits.bodyTimeoutMs + earnedMs;
}
