/**
 * Ends the server of a predecessor that was killed, before a new one starts on the same data: two servers appending to
 * one file would destroy it. Only to be called while the data folder is claimed: then any server on it is a stray.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { askServer, askToShutDown } from './ask-server.ts';
import { EmbeddedRedisError } from './embedded-redis-error.ts';
import { lastSocketPath } from './socket-place.ts';

/** An orderly end is one flush and fsync; a big rewrite that has to be dropped takes a moment more. */
const endTimeoutMs = 15_000;
const checkMs = 50;

export async function endStrayServers(folder: string, log: Log): Promise<void> {
  const socketPath = await lastSocketPath(folder);
  const isGone = async (): Promise<boolean> =>
    (await serversOn(folder)).length === 0 && (socketPath === null || (await askServer(socketPath)) === null);
  if (await isGone()) return;
  log.warn({ folder }, 'A killed predecessor left its Redis running; ending it in good order');
  if (socketPath !== null) await askToShutDown(socketPath);
  await signalServers(folder, 'SIGTERM');
  if (await becomes(isGone)) return;
  // appendfsync always: what was acknowledged is on disk, so even this loses nothing.
  await signalServers(folder, 'SIGKILL');
  if (!(await becomes(isGone))) {
    throw new EmbeddedRedisError('data_dir_in_use', `A Redis server on ${folder} does not end; stop it by hand.`);
  }
}

async function becomes(isTrue: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < endTimeoutMs; waitedMs += checkMs) {
    if (await isTrue()) return true;
    await delay(checkMs);
  }
  return false;
}

async function signalServers(folder: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  for (const id of await serversOn(folder)) {
    try {
      kill(id, signal);
    } catch {
      // It ended by itself in between.
    }
  }
}

/**
 * Servers whose working folder is this data folder. The system says so itself: no pid file can be stale or missed,
 * not even by a crash between the start and the note of it. Without /proc (macOS) only the socket is asked.
 */
export async function serversOn(folder: string): Promise<number[]> {
  const entries = await readdir('/proc').catch((): string[] => []);
  const found: number[] = [];
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    const name = await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '');
    if (!/^(redis|valkey)-server$/.test(name.trim())) continue;
    // Unreadable for other users' processes, which are none of ours.
    if ((await readlink(`/proc/${entry}/cwd`).catch(() => '')) === folder) found.push(Number(entry));
  }
  return found;
}
