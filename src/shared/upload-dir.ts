/**
 * The folder that uploads lie in, shared by API and workers. The API leaves a marker there and its text in Redis; a
 * worker that does not find the same one has another volume mounted, and would fail every upload: it is not ready.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from './context.ts';

export const markerFile = '.batch-video-uploads';
/** A part that nobody has written to for so long belongs to a process that died. */
const abandonedAfterMs = 86_400_000;

export async function markUploadDir(ctx: Context): Promise<void> {
  const { uploadDir } = ctx.config;
  await mkdir(uploadDir, { recursive: true, mode: 0o700 });
  const path = join(uploadDir, markerFile);
  // Of several processes that start at once one makes it, the others read it.
  await writeFile(path, randomUUID(), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const marker = await readFile(path, 'utf8');
  // A Redis that is full refuses any SET, also one that would change nothing.
  if ((await ctx.redis.get(ctx.keys.uploadMarker())) !== marker) await ctx.redis.set(ctx.keys.uploadMarker(), marker);
}

/** True, too, as long as no API has left a marker: there are no uploads then. */
export async function seesUploadDir(ctx: Context): Promise<boolean> {
  const marker = await ctx.redis.get(ctx.keys.uploadMarker());
  if (marker === null) return true;
  const found = await readFile(join(ctx.config.uploadDir, markerFile), 'utf8').catch(() => null);
  return found === marker;
}

/** What uploads that were cut by a crash left behind. */
export async function dropAbandonedParts(ctx: Context, now: number): Promise<number> {
  const { uploadDir } = ctx.config;
  const names = (await readdir(uploadDir)).filter((name) => name.endsWith('.part'));
  let dropped = 0;
  for (const name of names) {
    const path = join(uploadDir, name);
    const found = await stat(path).catch(() => null); // ended meanwhile
    if (found === null || now - found.mtimeMs < abandonedAfterMs) continue;
    await rm(path, { force: true });
    dropped += 1;
  }
  return dropped;
}

/** A new name in a folder survives a power loss only when the folder itself is on disk. */
export async function syncDir(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
