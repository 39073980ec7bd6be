/** One real Redis for a test file, on a socket of its own. Each test takes a prefix of its own on it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Log } from '../src/shared/log.ts';
import { openEmbeddedRedis } from '../src/shared/redis/embedded/open-embedded-redis.ts';

export const silentLog: Log = createLog({ level: 'silent' });

export type TestRedis = { socketPath: string; url: string; dataDir: string; close: () => Promise<void> };

/** Not durable: tests of durability open their own with appendfsync always. */
export async function openTestRedis(): Promise<TestRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bv-test-'));
  const { socketPath, close } = await openEmbeddedRedis({ dataDir, log: silentLog, appendfsync: 'no' });
  return {
    socketPath,
    url: `unix://${socketPath}`,
    dataDir,
    close: async () => {
      await close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function newPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}
