/**
 * Which data a Redis holds. The first process of an installation leaves a mark in it, and the same in UPLOAD_DIR: an
 * empty Redis beside that file has lost what was accepted, and to go on as if there had never been any would be a lie.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from './context.ts';

/** The data of this installation is gone from its Redis. */
export class StoreEmptiedError extends Error {
  override readonly name = 'StoreEmptiedError';
  readonly code = 'store_emptied';

  constructor(path: string) {
    super(
      `Redis holds nothing of this installation, and ${path} says that it did: what was accepted is lost.\n` +
        `Restore its append-only file, or point REDIS_URL at the right one. To begin anew, delete ${path}.`,
    );
  }
}

type Needs = Pick<Context, 'redis' | 'keys' | 'config' | 'watch'>;

/** Called once at the start. `isKeeper`: writes the file (the API does; a worker may see UPLOAD_DIR read-only). */
export async function knowStore({ redis, keys, config, watch }: Needs, isKeeper: boolean): Promise<void> {
  // A prefix is an installation of its own. The file is read before Redis: its writer has set the mark there first.
  const path = join(config.uploadDir, `.batch-video-store-${encodeURIComponent(config.redisPrefix)}`);
  const kept = await readFile(path, 'utf8').catch(() => null);
  // GET first: a Redis that is full refuses any SET, also one that would change nothing.
  const found = await redis.get(keys.storeMark());
  if (found === null && kept !== null) throw new StoreEmptiedError(path);
  if (found === null) await redis.setnx(keys.storeMark(), randomUUID());
  const mark = found ?? (await redis.get(keys.storeMark()));
  if (mark === null) throw new StoreEmptiedError(path);
  if (isKeeper && kept !== mark) {
    await mkdir(config.uploadDir, { recursive: true, mode: 0o700 });
    await writeFile(path, mark);
  }
  watch.expect(mark);
}
