/**
 * Chooses where the server's socket lies. A socket path holds about 100 bytes (104 on macOS, 108 on Linux, with the
 * final zero), so under a long DATA_DIR it moves to a short private folder, noted in the data folder.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const maxPathBytes = 100;

export type SocketPlace = { readonly socketPath: string; readonly remove: () => Promise<void> };

export async function placeSocket(folder: string): Promise<SocketPlace> {
  const near = join(folder, 'redis.sock');
  const isShort = Buffer.byteLength(near) <= maxPathBytes;
  // mkdtemp makes a folder that only this user can enter, under a name nobody can take first.
  const socketPath = isShort ? near : join(await mkdtemp(join(shortTemporary(), 'bv-')), 'redis.sock');
  await writeFile(noteFile(folder), `${socketPath}\n`);
  const remove = async (): Promise<void> => {
    await rm(socketPath, { force: true });
    if (!isShort) await rm(dirname(socketPath), { recursive: true, force: true });
    await rm(noteFile(folder), { force: true });
  };
  return { socketPath, remove };
}

/** Where the last holder's server listened; null when it ended in good order. */
export async function lastSocketPath(folder: string): Promise<string | null> {
  const note = await readFile(noteFile(folder), 'utf8').catch(() => '');
  return note.trim() || null;
}

/** A TMPDIR can be long as well. */
function shortTemporary(): string {
  return Buffer.byteLength(tmpdir()) <= maxPathBytes / 2 ? tmpdir() : '/tmp';
}

function noteFile(folder: string): string {
  return join(folder, 'socket-path');
}
