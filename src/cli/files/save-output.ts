/**
 * Writes one output to the disk: into an unfinished file first, renamed when every byte is there. It never leaves half
 * a video under its final name, and never replaces a file unless told to.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Content } from '../../client/content.ts';
import { UnreachableError } from '../../client/unreachable-error.ts';

export interface SaveOptions {
  readonly path: string;
  readonly mayReplace: boolean;
  readonly signal: AbortSignal;
}

/** False: there is a file of that name already, and it was left alone. */
export async function saveOutput(open: () => Promise<Content>, options: SaveOptions): Promise<boolean> {
  const unfinished = join(dirname(options.path), `.${basename(options.path)}.${randomUUID().slice(0, 8)}.part`);
  try {
    await receive(await open(), unfinished, options.signal);
    return await moveTo(unfinished, options);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function receive(content: Content, path: string, signal: AbortSignal): Promise<void> {
  const target = createWriteStream(path, { flags: 'wx' });
  try {
    await pipeline(content.stream, target, { signal });
  } catch (error) {
    signal.throwIfAborted();
    // A full disk says so itself; a stream that was cut is worth another try.
    if (target.errored !== null && isDiskError(target.errored)) throw target.errored;
    throw new UnreachableError('', error);
  }
  const { size } = await stat(path);
  if (content.bytes !== null && size !== content.bytes) throw new UnreachableError('', null);
}

async function moveTo(unfinished: string, { path, mayReplace }: SaveOptions): Promise<boolean> {
  if (mayReplace) {
    await rename(unfinished, path);
    return true;
  }
  try {
    // Unlike rename, link fails where the name is taken, also by a program that was quicker a moment ago.
    await link(unfinished, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (await exists(path)) return false;
    // A file system without links (memory cards).
    await rename(unfinished, path);
    return true;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    // Not there, or not to be seen: writing will tell.
    return false;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null);

function isDiskError(error: Error): boolean {
  const code = codeOf(error);
  return typeof code === 'string' && ['ENOSPC', 'EACCES', 'EROFS', 'EDQUOT', 'EIO', 'ENOENT', 'EPERM'].includes(code);
}
