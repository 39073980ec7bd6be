/**
 * Makes the client for an address: one server, a master behind Sentinels, or a cluster. How patient it is comes from the
 * role's options (connect.ts); this only carries them over to the form at hand.
 */
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './redis-address.ts';

/** 'legacy' is ioredis's default: replies look alike under both protocols. The type is picked by it. */
export type ClientOptions = RedisOptions & { replyMapping?: 'legacy' };
type Of<Kind extends RedisAddress['kind']> = Extract<RedisAddress, { kind: Kind }>;

/** A failover takes seconds: sooner there is nothing new to learn. */
const clusterRetryMs = 200;
/** For who fails fast: a second in all. */
const fewRedirections = 5;
/** For who waits: beyond any outage. */
const endlessRedirections = 1_000_000;

export function createClient(address: RedisAddress, options: ClientOptions): Redis {
  switch (address.kind) {
    case 'socket':
      return new Redis(address.path, options);
    case 'single':
      return new Redis(address.url, options);
    case 'sentinel':
      return new Redis(toSentinelOptions(address, options));
    case 'cluster':
      // A cluster client takes the same commands and has the same events; all keys lie in one slot (keys.ts). What else
      // differs, its nodes, is asked for in replication.ts alone, so that everybody else deals with one type.
      return new Cluster([...address.nodes], toClusterOptions(address, options)) as unknown as Redis;
  }
}

const toCredentials = ({ username, password, tls }: Of<'cluster'> | Of<'sentinel'>) => ({
  ...(username === null ? {} : { username }),
  ...(password === null ? {} : { password }),
  ...(tls ? { tls: {} } : {}),
});

function toSentinelOptions(address: Of<'sentinel'>, options: ClientOptions): ClientOptions {
  const { nodes, master, db, sentinelUsername, sentinelPassword, tls } = address;
  return {
    ...options,
    ...toCredentials(address),
    sentinels: [...nodes],
    name: master,
    role: 'master',
    db,
    ...(sentinelUsername === null ? {} : { sentinelUsername }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    // While no Sentinel answers it is tried again as a server would be.
    ...(options.retryStrategy == null ? {} : { sentinelRetryStrategy: options.retryStrategy }),
    // Hears of a switch from the Sentinels, where an old master hangs without closing its connections.
    failoverDetector: true,
  };
}

function toClusterOptions(address: Of<'cluster'>, options: ClientOptions) {
  const { enableOfflineQueue = true, retryStrategy, ...nodeOptions } = options;
  const waits = nodeOptions.maxRetriesPerRequest === null;
  return {
    redisOptions: { ...nodeOptions, ...toCredentials(address) },
    enableOfflineQueue,
    ...(retryStrategy == null ? {} : { clusterRetryStrategy: retryStrategy }),
    // How often a command goes out again after a redirection, or while its slot has no master.
    maxRedirections: waits ? endlessRedirections : fewRedirections,
    retryDelayOnFailover: clusterRetryMs,
    retryDelayOnClusterDown: clusterRetryMs,
  } satisfies ClusterOptions;
}
