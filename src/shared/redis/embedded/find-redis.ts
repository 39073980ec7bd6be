/** Finds a Redis server program, in this order: PATH, our cache folder, Debian's package. Else says what to do. */
import type { Log } from '../../log.ts';
import { EmbeddedRedisError } from './embedded-redis-error.ts';
import { fetchDebianRedis } from './fetch-debian-redis.ts';
import { findInCache, findOnPath, type RedisBinary } from './redis-binary.ts';

const waysOut = [
  'No Redis server was found, and none could be fetched. Any one of these helps:',
  '  - use a running one:    REDIS_URL=redis://127.0.0.1:6379',
  '  - with Docker:          docker compose up, or: docker run -d -p 6379:6379 redis:7 --appendonly yes',
  '  - on macOS:             brew install redis',
  '  - on Debian or Ubuntu:  apt-get install redis-server',
].join('\n');

type Places = { searchPath: readonly string[]; cacheDir: string; signal?: AbortSignal | undefined; log: Log };

export async function findRedis({ searchPath, cacheDir, signal, log }: Places): Promise<RedisBinary> {
  const found = (await findOnPath(searchPath)) ?? (await findInCache(cacheDir));
  if (found !== null) return found;
  log.info({ cache_dir: cacheDir }, 'No Redis server here; fetching one, once (1.5 MB)');
  try {
    return await fetchDebianRedis(cacheDir, signal);
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : '';
    throw new EmbeddedRedisError('no_server_found', `${waysOut}\nWhy none could be fetched: ${why}`, error);
  }
}
