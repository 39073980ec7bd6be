/** Which account a process works under: the hash of NEMO_TOKEN, or the anonymous client of this installation. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { v4 } from 'uuid';
import type { Config } from '../config/config.ts';
import type { Keys } from '../redis/keys.ts';

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The anonymous client id is made once for an installation and kept: the upstream grants one token a week to each. */
export async function readClientId(redis: Redis, keys: Keys, config: Config): Promise<string> {
  if (config.nemoClientId !== null) return config.nemoClientId;
  // GET first: a Redis that is full refuses any SET, also one that would change nothing.
  if ((await redis.get(keys.clientId())) === null) await redis.setnx(keys.clientId(), v4());
  const stored = await redis.get(keys.clientId());
  if (stored === null) throw new Error('the anonymous client id was not stored');
  return stored;
}

export async function resolveAccountId(redis: Redis, keys: Keys, config: Config): Promise<string> {
  if (config.nemoToken !== null) return `tok_${short(config.nemoToken)}`;
  return `anon_${short(await readClientId(redis, keys, config))}`;
}
