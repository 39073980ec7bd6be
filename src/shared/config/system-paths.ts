/** Reads where the machine keeps programs and caches. These belong to the system, so they are no settings of ours. */
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Environment } from './config.ts';

export type SystemPaths = { readonly searchPath: readonly string[]; readonly cacheDir: string };

export function readSystemPaths(environment: Environment): SystemPaths {
  const { PATH = '', XDG_CACHE_HOME = '' } = environment;
  // The XDG rule: a relative path there is to be ignored.
  const cacheHome = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache');
  return { searchPath: PATH.split(delimiter).filter(isAbsolute), cacheDir: join(cacheHome, 'batch-video') };
}
