/** A Redis server program: where it is, what it needs to run, and which version it says it is. */
import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type RedisBinary = {
  readonly program: string;
  readonly version: string;
  /** path: installed on the machine; cache: unpacked earlier; fetched: unpacked just now. */
  readonly source: 'path' | 'cache' | 'fetched';
  /** Folders of shared libraries that came with it; empty for an installed one. */
  readonly libraryPath: readonly string[];
};

const run = promisify(execFile);
const versionTimeoutMs = 10_000;

export async function findOnPath(searchPath: readonly string[]): Promise<RedisBinary | null> {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of searchPath) {
      const found = await probe(join(folder, name), 'path', []);
      if (found !== null) return found;
    }
  }
  return null;
}

/** Several may lie there (a release was upgraded): the first that really runs is taken. */
export async function findInCache(cacheDir: string): Promise<RedisBinary | null> {
  const folders = await readdir(cacheDir).catch((): string[] => []);
  for (const folder of folders
    .filter((name) => name.startsWith('redis-'))
    .toSorted()
    .toReversed()) {
    const found = await probeUnpacked(join(cacheDir, folder), 'cache');
    if (found !== null) return found;
  }
  return null;
}

/** `root` holds the unpacked files of Debian packages. */
export async function probeUnpacked(root: string, source: 'cache' | 'fetched'): Promise<RedisBinary | null> {
  return probe(join(root, 'usr/bin/redis-server'), source, await libraryFolders(root));
}

/** Debian puts libraries into one folder an architecture, some of them under /lib. */
async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const base of [join(root, 'usr/lib'), join(root, 'lib')]) {
    const names = await readdir(base).catch((): string[] => []);
    folders.push(...names.filter((name) => name.includes('-linux-')).map((name) => join(base, name)));
  }
  return folders;
}

/** Running it is the only proof: another architecture or a missing library shows nowhere else. */
async function probe(
  program: string,
  source: RedisBinary['source'],
  libraryPath: readonly string[],
): Promise<RedisBinary | null> {
  try {
    await access(program, constants.X_OK);
    const options = { env: runEnvironment(libraryPath), timeout: versionTimeoutMs };
    const { stdout } = await run(program, ['--version'], options);
    const version = /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    return version === undefined ? null : { program, version, source, libraryPath };
  } catch {
    // Not there or not able to run here: the next place is asked.
    return null;
  }
}

/** All that the server gets of the environment; our own holds tokens. */
export function runEnvironment(libraryPath: readonly string[]): Record<string, string> {
  return libraryPath.length === 0 ? { LC_ALL: 'C' } : { LC_ALL: 'C', LD_LIBRARY_PATH: libraryPath.join(':') };
}
