/** A compose project whose commands are lines of a guide, run in a shell: ports are free ones, and all of it is taken down. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { rootPath } from '../../docs/document.ts';
import { docker } from './engine.ts';

export interface ComposeByHand {
  readonly project: string;
  /** Runs the text in the folder of docker-compose.yml, as one line after the other would be typed; what it printed. */
  readonly shell: (text: string, environment?: Readonly<Record<string, string>>) => string;
  readonly containers: (service: string) => string[];
  readonly address: (service: string, port: number) => string;
}

export function openComposeByHand(t: TestContext, settings: Readonly<Record<string, string>> = {}): ComposeByHand {
  const project = `bv-test-${randomBytes(4).toString('hex')}`;
  const environment = {
    COMPOSE_PROJECT_NAME: project,
    DOCKER_BUILDKIT: '1',
    PORT: '0',
    SANDBOX_PORT: '0',
    API_KEYS: '',
    NEMO_TOKEN: '',
    ...settings,
  };
  const shell: ComposeByHand['shell'] = (text, more = {}) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', text], {
      cwd: rootPath('.'),
      encoding: 'utf8',
      env: { ...process.env, ...environment, ...more },
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`${text}: ${status}\n${stdout}\n${stderr}`);
    return stdout.trim();
  };
  t.after(() => shell("docker compose --profile '*' down --volumes --remove-orphans --timeout 1"));
  const inProject = (...args: string[]): string =>
    docker(['compose', '--project-directory', rootPath('.'), '--profile', '*', ...args], environment);
  return {
    project,
    shell,
    containers: (service) =>
      inProject('ps', '-q', service)
        .split('\n')
        .filter((id) => id !== ''),
    address: (service, port) => `http://${inProject('port', service, String(port))}`,
  };
}
