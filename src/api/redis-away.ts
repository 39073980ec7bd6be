/** Is an error the store's absence, rather than a fault of ours? Then the caller is asked to come again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { NotDurableError } from '../shared/redis/open-barrier.ts';
import { isRedisTrouble } from '../shared/redis/redis-trouble.ts';

export async function isRedisAway(error: unknown, redis: Redis): Promise<boolean> {
  if (!(error instanceof Error)) return false;
  if (error instanceof NotDurableError) return true;
  if (error.name === 'ReplyError' || isRedisTrouble(error)) return isRedisTrouble(error);
  // A command that timed out has no code of its own: whether Redis answers now tells as much.
  return !(await answers(redis, 500));
}

/** PING within the time, at once "no" while there is no connection. */
export async function answers(redis: Redis, timeoutMs: number): Promise<boolean> {
  if (redis.status !== 'ready') return false;
  const pong = redis.ping().then(
    () => true,
    () => false,
  );
  return Promise.race([pong, delay(timeoutMs, false, { ref: false })]);
}
