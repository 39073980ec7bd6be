/** The Idempotency-Key of a request: read, hashed, and looked up before anything is judged. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Context } from '../shared/context.ts';
import { hashBody, hashKey } from './hash-request.ts';
import { RefusedError, conflict } from './refused-error.ts';

/** Loose: a request has many more headers. */
export const idempotencyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .describe('A repeat under the same key gets the first answer again instead of a second batch.'),
});

export interface IdempotencyKey {
  readonly keyHash: string;
  readonly bodyHash: string;
}

/** `route` stands for the endpoint with its parameters: one key names one request. */
export function readIdempotencyKey(request: FastifyRequest, route: string): IdempotencyKey | null {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return null;
  return { keyHash: hashKey(key), bodyHash: hashBody(route, request.body) };
}

export type Earlier = { readonly kind: 'none' } | { readonly kind: 'answered'; readonly answer: string };

/** What came under this key before. A repeat is answered even when its sources have expired since. */
export async function findEarlier(ctx: Context, tenant: string, key: IdempotencyKey | null): Promise<Earlier> {
  if (key === null) return { kind: 'none' };
  const [body, answer] = await ctx.redis.hmget(ctx.keys.idempotency(tenant, key.keyHash), 'body', 'answer');
  if (body === null || body === undefined) return { kind: 'none' };
  if (body !== key.bodyHash) throw keyMismatch();
  if (answer === null || answer === undefined) throw keyInFlight();
  return { kind: 'answered', answer };
}

export const keyMismatch = (): RefusedError =>
  new RefusedError({
    status: 422,
    code: 'idempotency_key_mismatch',
    detail: 'This Idempotency-Key came with another request before.',
    errors: [
      {
        pointer: 'headers:idempotency-key',
        code: 'idempotency_key_mismatch',
        detail: 'This Idempotency-Key came with another request before.',
      },
    ],
  });

export const keyInFlight = (): RefusedError =>
  conflict('idempotency_key_in_flight', 'A request with this Idempotency-Key is still being worked on.');

/** The one part that the framework has judged already, where the body is judged with its meaning. */
export function refuseBadHeaders({ validationError }: FastifyRequest): void {
  if (validationError?.validationContext === 'headers') throw validationError;
}
