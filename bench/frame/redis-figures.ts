/** What a Redis says of itself. */
import type { Redis } from 'ioredis';

async function infoNumber(redis: Redis, section: string, name: string): Promise<number> {
  const text = await redis.info(section);
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? NaN);
}

/** Bytes of the data alone: without buffers of clients and of the append-only file. */
export const dataBytes = (redis: Redis): Promise<number> => infoNumber(redis, 'memory', 'used_memory_dataset');

export const processId = (redis: Redis): Promise<number> => infoNumber(redis, 'server', 'process_id');

/** The most expensive commands since the last reset, for a profile. */
export async function commandTimes(redis: Redis): Promise<{ name: string; calls: number; usec: number }[]> {
  const text = await redis.info('commandstats');
  const rows = [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)];
  return rows
    .map(([, name = '', calls, usec]) => ({ name, calls: Number(calls), usec: Number(usec) }))
    .toSorted((one, other) => other.usec - one.usec);
}
