/**
 * Opens connections to Redis with the temper that each role needs. It never decides what a lost Redis means; it logs,
 * reconnects for ever, and lets the role's commands fail fast or wait.
 */
import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import { createClient, type ClientOptions } from './create-client.ts';
import { toRedisAddress, type RedisAddress } from './redis-address.ts';

/**
 * api: fails at once, so that a request gets its 503 instead of hanging. worker: waits, as BullMQ asks for (null).
 * subscriber: waits as well; subscriptions come back by themselves after a reconnect.
 */
export type RedisRole = 'api' | 'worker' | 'subscriber';

export type RedisTarget = { url: string } | { socketPath: string };

export type OpenRedisOptions = RedisTarget & { role: RedisRole; log: Log };

const firstRetryMs = 50;
const maxRetryMs = 2_000;
const connectTimeoutMs = 5_000;
/** The last resort: a server that does not answer is noticed by watch-redis.ts much earlier. */
const apiCommandTimeoutMs = 10_000;
/** A frozen server does not answer the end of a connection, either: so long is waited before it is torn down. */
const apiDisconnectMs = 50;
/** While Redis is away each connection fails up to 20 times a second: one line in this time is enough. */
const logEveryMs = 10_000;

/** What the text of a target says; an address that nobody validated is an error of ours. */
export function addressOf(target: RedisTarget): RedisAddress {
  const address = toRedisAddress('url' in target ? target.url : target.socketPath);
  if (address === null) throw new Error('REDIS_URL is no address of Redis');
  return address;
}

export function openRedis({ role, log, ...target }: OpenRedisOptions): Redis {
  const client = createClient(addressOf(target), optionsOf(role));
  logTroubles(client, role, log);
  return client;
}

function optionsOf(role: RedisRole): ClientOptions {
  return {
    connectionName: `batch-video-${role}`,
    ...roleOptions[role],
    connectTimeout: connectTimeoutMs,
    // CLIENT SETINFO is younger than the oldest servers we work on, and a right that nothing else needs.
    disableClientInfo: true,
    retryStrategy: (attempt) => Math.min(firstRetryMs * 2 ** (attempt - 1), maxRetryMs),
    // After a failover the old address may still be a replica. The code is the first word of the reply: Redis has no
    // other place for it. 2 = reconnect and send the refused command again (it was not executed).
    reconnectOnError: (error) => (error.message.startsWith('READONLY ') ? 2 : false),
  };
}

const roleOptions: Record<RedisRole, ClientOptions> = {
  // 0: a command whose connection broke is not sent again. It may have been executed, and its request has an answer.
  api: {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    commandTimeout: apiCommandTimeoutMs,
    disconnectTimeout: apiDisconnectMs,
  },
  worker: { maxRetriesPerRequest: null },
  subscriber: { maxRetriesPerRequest: null },
};

/** Without an 'error' listener the first lost connection would end the process. */
function logTroubles(client: Redis, role: RedisRole, log: Log): void {
  let loggedAt = -Infinity;
  let unlogged = 0;
  client.on('error', (error: Error) => {
    const now = performance.now();
    unlogged += 1;
    if (now - loggedAt < logEveryMs) return;
    log.error({ role, err: error, errors: unlogged }, 'Redis is not reachable; trying again');
    [loggedAt, unlogged] = [now, 0];
  });
  client.on('ready', () => {
    if (loggedAt !== -Infinity) log.info({ role }, 'Redis is back');
    [loggedAt, unlogged] = [-Infinity, 0];
  });
}

/** Resolves when commands can be sent; rejects when the time is over or the client was closed. */
export async function whenReady(client: Redis, timeoutMs: number): Promise<void> {
  if (client.status === 'ready') return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (): void => reject(new Error('the Redis connection was closed'));
  const timer = setTimeout(() => reject(new Error(`Redis did not answer within ${timeoutMs} ms`)), timeoutMs);
  client.once('ready', resolve).once('end', failed);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    client.off('ready', resolve).off('end', failed);
  }
}
