/** Refuses requests at once while Redis is known to be away, and for good when what it held is gone. */
import type { FastifyRequest } from 'fastify';
import type { ApiContext } from './api-context.ts';
import { RefusedError, type Refusal } from './refused-error.ts';

/** A lost Redis is mostly back within seconds: ioredis tries every 2 s at the latest. */
const retryAfterSeconds = 2;
/** Somebody has to act first. */
const retryWhenEmptiedSeconds = 60;

export const storeAway: Refusal = {
  status: 503,
  code: 'unavailable',
  detail: 'The store cannot be used now; try again shortly.',
  headers: { 'retry-after': String(retryAfterSeconds) },
};

/** Not a 404: what was accepted did exist, and may exist again once its data is restored. */
export const storeEmptied: Refusal = {
  status: 503,
  code: 'data_lost',
  detail: 'The store has lost its data. Nothing can be told or taken until it is restored.',
  headers: { 'retry-after': String(retryWhenEmptiedSeconds) },
};

/** These answer without the store. */
const isStoreless = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.url === undefined || routeOptions.url === '/metrics' || routeOptions.config.public === true;

export function refuseWithoutStore({ watch }: Pick<ApiContext, 'watch'>) {
  return async (request: FastifyRequest): Promise<void> => {
    const state = watch.state();
    if (state === 'here' || isStoreless(request)) return;
    throw new RefusedError(state === 'away' ? storeAway : storeEmptied);
  };
}
