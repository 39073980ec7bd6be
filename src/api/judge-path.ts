/** Resolves a `{path}` source. Only files below MEDIA_ROOT exist for a caller: of anything else not even that is told. */
import { realpath, stat } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';
import type { Config } from '../shared/config/config.ts';
import type { Source } from '../shared/domain/file.ts';
import { unsupportedName } from './unsupported-name.ts';

type Fault = { readonly code: string; readonly detail: string };

const outside: Fault = { code: 'path_outside_media_root', detail: 'The path does not lie below MEDIA_ROOT.' };
const missing: Fault = { code: 'path_not_found', detail: 'There is no such file below MEDIA_ROOT.' };

export async function judgePath(
  { mediaRoot, maxFileBytes }: Pick<Config, 'mediaRoot' | 'maxFileBytes'>,
  path: string,
): Promise<Source | Fault> {
  if (mediaRoot === null)
    return { code: 'paths_disabled', detail: 'This service takes no paths: MEDIA_ROOT is not set.' };
  const wanted = resolve(mediaRoot, path);
  if (path.includes('\0') || !isBelow(mediaRoot, wanted)) return outside;
  const real = await realOrNull(wanted);
  if (real === null) return missing;
  // A link inside may point anywhere.
  if (!isBelow((await realOrNull(mediaRoot)) ?? mediaRoot, real)) return outside;
  const found = await statOrNull(real);
  if (found === null || !found.isFile()) return missing;
  if (found.size === 0) return { code: 'empty_file', detail: 'The file is empty.' };
  if (found.size > maxFileBytes) return { code: 'file_too_large', detail: `The file is above ${maxFileBytes} bytes.` };
  return unsupportedName(wanted, true) ?? { kind: 'path', path: real, name: basename(wanted), bytes: found.size };
}

const isBelow = (root: string, path: string): boolean => path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);

/** Absent, a loop of links or not readable: all the same to the caller. */
async function realOrNull(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}

async function statOrNull(path: string) {
  return stat(path).catch(() => null);
}
