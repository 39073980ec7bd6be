/** Where Redis is: at REDIS_URL, or on the socket of a server that is opened here, once for all parts of the process. */
import type { Config } from './shared/config/config.ts';
import type { Log } from './shared/log.ts';
import type { RedisTarget } from './shared/redis/connect.ts';
import { openEmbeddedRedis } from './shared/redis/embedded/open-embedded-redis.ts';
import type { Resources } from './shared/resources.ts';

export async function openTarget(config: Config, log: Log, resources: Resources): Promise<RedisTarget> {
  if (config.redisUrl !== null) return { url: config.redisUrl };
  const { socketPath } = await resources.open(
    'embedded redis',
    () => openEmbeddedRedis({ dataDir: config.dataDir, log }),
    (redis) => redis.close(),
  );
  return { socketPath };
}
