/**
 * Opens a Redis of our own when no REDIS_URL is given: found or fetched, on a private socket, durable, one per data
 * folder, and gone with this process. Not for more than one machine: that is what REDIS_URL is for.
 */
import { access, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from '../../config/read-environment.ts';
import { readSystemPaths } from '../../config/system-paths.ts';
import type { Log } from '../../log.ts';
import { claimDataDir } from './claim-data-dir.ts';
import { EmbeddedRedisError } from './embedded-redis-error.ts';
import { endStrayServers } from './end-stray-servers.ts';
import { findRedis } from './find-redis.ts';
import { keepServerRunning } from './keep-server-running.ts';
import type { RedisBinary } from './redis-binary.ts';
import { placeSocket } from './socket-place.ts';

export type EmbeddedRedis = {
  readonly socketPath: string;
  readonly source: RedisBinary['source'];
  readonly version: string;
  /** Ends the server in good order: what was acknowledged is on disk. May be called twice. */
  readonly close: () => Promise<void>;
};

export type EmbeddedRedisOptions = {
  dataDir: string;
  log: Log;
  signal?: AbortSignal;
  /** Anything but always may lose acknowledged batches at a power loss: for tests that don't test durability. */
  appendfsync?: 'always' | 'everysec' | 'no';
  /** Defaults: PATH and the user's cache folder. */
  searchPath?: readonly string[];
  cacheDir?: string;
};

export async function openEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const { dataDir, log, signal, appendfsync = 'always' } = options;
  const binary = await findRedis({ ...readSystemPaths(readEnvironment()), ...options });
  await mkdir(join(dataDir, 'redis'), { recursive: true, mode: 0o700 });
  // The real path: the system names working folders by it, and a link to the same data is the same data.
  const folder = await realpath(join(dataDir, 'redis'));
  const release = claimDataDir(folder);
  try {
    await endStrayServers(folder, log);
    await refuseOlderServer(folder, binary);
    const place = await placeSocket(folder);
    const plan = { binary, folder, socketPath: place.socketPath, appendfsync };
    const server = await keepServerRunning(plan, log, signal).catch(async (error: unknown) => {
      await place.remove();
      throw error;
    });
    log.info({ version: binary.version, source: binary.source, folder }, 'The embedded Redis is up');
    const closeOnce = async (): Promise<void> => {
      await server.close();
      await place.remove();
      release();
    };
    let closed: Promise<void> | null = null;
    return { ...binary, socketPath: place.socketPath, close: () => (closed ??= closeOnce()) };
  } catch (error) {
    release();
    throw error;
  }
}

/** Before 7 the append-only file had another place: such a server would see no data and start empty, silently. */
async function refuseOlderServer(folder: string, { version }: RedisBinary): Promise<void> {
  if (Number.parseInt(version, 10) >= 7) return;
  const isNewer = await access(join(folder, 'appendonlydir')).then(
    () => true,
    () => false,
  );
  if (!isNewer) return;
  const message = `The data in ${folder} is of Redis 7 or later, and the server found is ${version}. Install a newer one.`;
  throw new EmbeddedRedisError('data_of_newer_redis', message);
}
