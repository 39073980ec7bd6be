/** The data of an embedded Redis as one plain append-only file: what every version of Redis can load, and a test can read. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createLog } from '../../src/shared/log.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';

export async function rewriteAppendOnlyFile(dataDir: string): Promise<Buffer> {
  const server = await openEmbeddedRedis({ dataDir, log: createLog({ level: 'silent' }) });
  const client = new Redis(server.socketPath);
  try {
    await client.config('SET', 'aof-use-rdb-preamble', 'no');
    await client.bgrewriteaof();
    while (!/aof_rewrite_in_progress:0[\s\S]*aof_rewrite_scheduled:0/.test(await client.info('persistence')))
      await delay(50);
  } finally {
    client.disconnect();
    await server.close();
  }
  const folder = join(dataDir, 'redis', 'appendonlydir');
  const base = (await readdir(folder)).find((name) => name.endsWith('.base.aof'));
  if (base === undefined) throw new Error('Redis has left no rewritten file');
  return readFile(join(folder, base));
}
