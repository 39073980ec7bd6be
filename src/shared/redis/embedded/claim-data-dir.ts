/**
 * One holder per data folder. The claim is a lock of the operating system (held through SQLite, the only way to one
 * that Node brings along): it ends with its process, however that ends, and also between containers that share a
 * volume, where process ids say nothing. A pid file alone would do neither.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pid } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { EmbeddedRedisError } from './embedded-redis-error.ts';

/** SQLITE_BUSY: somebody else holds the lock. */
const busy = 5;

/** Returns what gives the claim back. */
export function claimDataDir(folder: string): () => void {
  const holderFile = join(folder, 'holder.pid');
  const lock = new DatabaseSync(join(folder, 'holder.lock'), { timeout: 0 });
  try {
    // No journal file: nothing is ever written here, only the lock counts.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw isBusy(error) ? inUse(folder, holderFile, error) : error;
  }
  // For the message of a second start alone; nothing is decided by it.
  writeFileSync(holderFile, `${pid}\n`);
  return () => lock.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === busy;
}

function inUse(folder: string, holderFile: string, cause: unknown): EmbeddedRedisError {
  const holder = readHolder(holderFile);
  const message = `Another batch-video (process ${holder}) runs its embedded Redis on ${folder}.
Stop it, give this one another DATA_DIR, or let both share one Redis with REDIS_URL.`;
  return new EmbeddedRedisError('data_dir_in_use', message, cause);
}

function readHolder(holderFile: string): string {
  try {
    return readFileSync(holderFile, 'utf8').trim();
  } catch {
    // The holder is between its lock and its note; the message can do without.
    return 'unknown';
  }
}
