/** Is there a Docker engine? Says loudly when there is none, so that a green run without it is no surprise. */
import { spawnSync } from 'node:child_process';

export const hasEngine = spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0;
export const withEngine = { skip: !hasEngine && 'no Docker engine' };
if (!hasEngine) {
  console.error('\n*** SKIPPED: no Docker engine answers `docker info`, so nothing is tried in containers ***\n');
}

/** Runs the docker command; what it printed is in the error when it fails. */
export function docker(args: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync('docker', [...args], {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_BUILDKIT: '1', ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${status}\n${stdout}\n${stderr}`);
  return stdout.trim();
}

/** The Valkey image is not everywhere: VALKEY=1 says that it may be pulled. */
export const hasValkey = (image: string): boolean =>
  process.env['VALKEY'] === '1' ||
  (hasEngine && spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0);
