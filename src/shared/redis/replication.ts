/**
 * Where a Redis has replicas (Sentinel, cluster), a write that the master alone has is lost when it dies, and a lost fence
 * would pay a turn twice. So each save of a file, and each accept of a batch, waits until one replica has it. It never
 * refuses: a master without a replica cannot be replaced either, so nothing is gained by standing still.
 */
import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import type { RedisAddress } from './redis-address.ts';

export interface Replication {
  /** False: one server, nothing to wait for and no failover to fear. */
  readonly isReplicated: boolean;
  /** Waits until a replica has what this connection wrote; false where none confirmed it. */
  readonly confirm: () => Promise<boolean>;
}

/** Replicas are milliseconds behind; one that is not there at all must not hold up every save. */
const patienceMs = 500;
/** After a miss the next saves do not wait: each would take the whole patience. */
const restMs = 5_000;
/** A connection that broke before the answer is asked again; Redis gone for longer is told by the next command. */
const tries = 3;

export function createReplication(options: {
  readonly redis: Redis;
  readonly address: RedisAddress;
  /** Any key of ours: it leads to the server that has them all. */
  readonly key: string;
  readonly log: Log;
}): Replication {
  const { redis, address, key, log } = options;
  if (address.kind !== 'sentinel' && address.kind !== 'cluster') {
    return { isReplicated: false, confirm: () => Promise.resolve(true) };
  }
  let restsUntil = -Infinity;
  const confirm = async (): Promise<boolean> => {
    if (performance.now() < restsUntil) return false;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const confirmed = await askReplicas(redis, key);
      if (confirmed === null) continue;
      if (confirmed > 0) return true;
      restsUntil = performance.now() + restMs;
      log.warn({ patience_ms: patienceMs }, 'no replica of Redis confirms; a failover now could lose the last writes');
      return false;
    }
    return false;
  };
  return { isReplicated: true, confirm };
}

/** WAIT has no key: in a pipeline it follows one to the right node of a cluster, over the connection that wrote. */
async function askReplicas(redis: Redis, key: string): Promise<number | null> {
  try {
    const replies = await redis.pipeline().exists(key).wait(1, patienceMs).exec();
    const [error, confirmed] = replies?.[1] ?? [new Error('no reply'), null];
    return error === null && typeof confirmed === 'number' ? confirmed : null;
  } catch {
    // Cut off in the middle: whether the write lives on is asked again, over the next connection.
    return null;
  }
}
