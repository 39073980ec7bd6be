/** docker compose, as the README runs it, in a project of its own: built, started, and taken down with its volumes. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { rootPath } from '../../docs/document.ts';
import { docker } from './engine.ts';

export interface Compose {
  readonly project: string;
  /** Base address of the API, and its key. */
  readonly api: string;
  readonly key: string;
  /** `docker compose …` in this project. */
  readonly run: (...args: string[]) => string;
  /** Ids of a service's containers. */
  readonly containers: (service: string) => string[];
}

export async function openCompose(t: TestContext): Promise<Compose> {
  const project = `bv-test-${randomBytes(4).toString('hex')}`;
  const base = [
    'compose',
    '--project-directory',
    rootPath('.'),
    '-p',
    project,
    '--env-file',
    rootPath('docker/sandbox.env'),
  ];
  // Free ports, and nothing of the machine's own settings.
  const environment = { PORT: '0', SANDBOX_PORT: '0', API_KEYS: '', NEMO_TOKEN: '', COMPOSE_PROFILES: 'sandbox' };
  const run = (...args: string[]): string => docker([...base, ...args], environment);
  t.after(() => run('--profile', '*', 'down', '--volumes', '--timeout', '1'));
  await inBackground(['docker', ...base, 'up', '-d', '--build', '--wait', '--wait-timeout', '180'], environment);
  const address = (service: string, port: number): string => `http://${run('port', service, String(port))}`;
  return {
    project,
    api: address('api', 3000),
    key: 'this-machine-only',
    run,
    containers: (service) =>
      run('ps', '-aq', service)
        .split('\n')
        .filter((id) => id !== ''),
  };
}

/** A build takes minutes: this process goes on meanwhile. */
function inBackground(
  [command = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(command, args, {
    env: { ...process.env, DOCKER_BUILDKIT: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')}: ${code}\n${printed.join('').slice(-4000)}`));
    });
  });
}
