/** The Idempotency-Key of a request: read, hashed, and looked up before anything is judged. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Context } from '../shared/context.ts';
import { hashBody, hashKey } from './hash-request.ts';
import { RefusedError, conflict } from './refused-error.ts';

/** For the document; what a key may be is judged by `readIdempotencyKey`, also where the body has faults. */
export const idempotencyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .optional()
    .describe('Up to 255 ASCII characters. A repeat under the same key gets the first answer again.'),
});

const keyForm = /^[\x20-\x7e]{1,255}$/;

export interface IdempotencyKey {
  readonly keyHash: string;
  readonly bodyHash: string;
}

/** `route` stands for the endpoint with its parameters: one key names one request. */
export async function readIdempotencyKey(request: FastifyRequest, route: string): Promise<IdempotencyKey | null> {
  const key = request.headers['idempotency-key'];
  if (typeof key === 'string' && !keyForm.test(key)) throw badKey();
  // A body with such faults is refused, and may be too deep to be hashed.
  if (typeof key !== 'string' || request.bodyFaults.length > 0) return null;
  return { keyHash: hashKey(key), bodyHash: await hashBody(route, request.body) };
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

const refusedKey = (status: number, code: string, detail: string): RefusedError =>
  new RefusedError({ status, code, detail, errors: [{ pointer: 'headers:idempotency-key', code, detail }] });

const badKey = (): RefusedError =>
  refusedKey(400, 'invalid_idempotency_key', 'An Idempotency-Key has 1 to 255 printable ASCII characters.');

export const keyMismatch = (): RefusedError =>
  refusedKey(422, 'idempotency_key_mismatch', 'This Idempotency-Key came with another request before.');

export const keyInFlight = (): RefusedError =>
  conflict('idempotency_key_in_flight', 'A request with this Idempotency-Key is still being worked on.');
