/** Is an error the store's absence, rather than a fault of ours? Then the caller is asked to come again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** First words of Redis' replies that pass by themselves (its protocol has no other place for a code). */
const passing = new Set([
  'OOM',
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'NOREPLICAS',
  'MISCONF',
  'BUSY',
]);

export async function isRedisAway(error: unknown, redis: Redis): Promise<boolean> {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ReplyError') return passing.has(error.message.split(' ', 1)[0] ?? '');
  if (error.name === 'MaxRetriesPerRequestError') return true;
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
