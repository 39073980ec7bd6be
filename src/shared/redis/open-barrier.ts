/**
 * Waits until what was written is on disk, where Redis acknowledges earlier than that (appendfsync everysec): before a
 * 202 is given, and before a turn leaves under its fence. WAITAOF is there from Redis 7.2 on and in Valkey; elsewhere
 * check-redis.ts warns, and nothing is waited for.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { allowGrowth } from './allow-growth.ts';
import { checkRedis } from './check-redis.ts';
import type { Keys } from './keys.ts';

export interface Barrier {
  /** Resolves once everything that was acknowledged before the call is on disk; rejects when that cannot be had. */
  readonly pass: () => Promise<void>;
}

/** Nothing was said to be on disk in time. */
export class NotDurableError extends Error {
  override readonly name = 'NotDurableError';
  readonly code = 'not_durable';
}

export interface BarrierOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Opens a connection: WAITAOF holds up whatever comes behind it on its own. */
  readonly connect: () => Redis;
}

/** everysec writes once a second; a disk that takes longer than that is in trouble. */
const patienceMs = 3000;
/** WAITAOF waits for the writes of its own connection, so there has to be one, after all those that it stands for. */
const touch = allowGrowth("redis.call('SET', KEYS[1], '1', 'PX', 60000)");

export async function openBarrier({ redis, keys, connect }: BarrierOptions): Promise<Barrier> {
  if (!(await isOfUse(redis))) return { pass: () => Promise.resolve() };
  const connection = connect();
  const once = async (): Promise<void> => {
    const [, reply] = await Promise.all([
      connection.eval(touch, 1, keys.barrier()),
      connection.call('WAITAOF', '1', '0', String(patienceMs)),
    ]);
    const [copies] = replySchema.parse(reply);
    if (copies < 1) throw new NotDurableError(`not on disk within ${patienceMs} ms`);
  };
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  // Whoever comes while one runs is served by the next: that one begins after all of them have written.
  const pass = (): Promise<void> => {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return (running = once());
      });
    return next;
  };
  return { pass };
}

const replySchema = z.tuple([z.coerce.number(), z.coerce.number()]);

async function isOfUse(redis: Redis): Promise<boolean> {
  const { problems } = await checkRedis(redis);
  if (!problems.some(({ code }) => code === 'fsync_late' || code === 'fsync_unknown')) return false;
  const known: unknown = await redis.call('COMMAND', 'INFO', 'WAITAOF').catch(() => null);
  return Array.isArray(known) && known[0] !== null && known[0] !== undefined;
}
