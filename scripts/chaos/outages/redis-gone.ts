/** Redis is killed and comes back on its data; Redis is frozen and wakes up. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Scenario } from './scenario.ts';

const gone = (seconds: number, files: number, isLong = false): Scenario => ({
  name: `redis: killed, back after ${seconds} s`,
  files,
  isLong,
  run: async ({ place, away, back }) => {
    await place.redis.kill();
    away();
    await delay(seconds * 1000);
    await place.redis.start();
    back();
  },
});

const frozen = (seconds: number): Scenario => ({
  name: `redis: frozen for ${seconds} s`,
  files: 20,
  run: async ({ place, away, back }) => {
    place.redis.freeze();
    away();
    await delay(seconds * 1000);
    place.redis.thaw();
    back();
  },
});

export const redisGone: readonly Scenario[] = [gone(3, 20), gone(15, 60), gone(60, 30, true), frozen(10)];
