/** Installs packages into a folder, as a stranger to this project would, from the registry and npm's own cache. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
}

/** Both streams as one text. */
export async function runIn(folder: string, command: string, args: readonly string[], env = {}): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', (ended) => resolve(ended)),
  );
  return { code, out };
}

/** False: nothing can be installed here, and a test has to say so. */
export function reachesRegistry(): boolean {
  return spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=10000']).status === 0;
}

export const unreachableRegistry = 'the package registry cannot be reached, so nothing was installed';

export async function installInto(folder: string, packages: readonly string[]): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, out } = await runIn(folder, 'npm', ['install', ...quiet, ...packages]);
  if (code !== 0) throw new Error(`npm install ended with ${code}:\n${out}`);
}
