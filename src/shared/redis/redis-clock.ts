/** Redis' clock in ms: the one clock that due times are kept in. No process compares them with its own, which may jump. */
import type { Redis } from 'ioredis';

export async function redisClock(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
