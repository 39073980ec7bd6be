/** What a scenario runs in: a Redis that may go away, a sandbox, an API and two workers as processes of their own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeClip } from '../../../src/sandbox/make-clips.ts';
import { openSandbox } from '../../../src/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../../src/sandbox/settings.ts';
import { readConfig } from '../../../src/shared/config/config.ts';
import { createLog } from '../../../src/shared/log.ts';
import { openContext } from '../../../src/shared/open-context.ts';
import { createResources, type Resources } from '../../../src/shared/resources.ts';
import { createTelemetry } from '../../../src/shared/telemetry.ts';
import { openOutside, type Judged, type Received } from '../arena.ts';
import { openRedisProcess, type RedisProcess } from './redis-process.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface Place extends Judged {
  readonly folder: string;
  readonly redis: RedisProcess;
  readonly proxy: TcpProxy;
  /** What lies between the service and the sandbox. */
  readonly upstream: TcpProxy;
  /** One more process; throws what it printed when it does not start. */
  readonly start: (role: 'api' | 'worker') => Promise<string>;
  /** Processes that have ended, though nobody asked them to. */
  readonly ended: () => readonly string[];
  readonly log: () => readonly string[];
  /** In the scenario's folder: how it tells what it has put beside the service. */
  readonly writeFile: (name: string, text: string) => Promise<void>;
  readonly removeFile: (name: string) => Promise<void>;
  readonly onClose: (close: () => Promise<void>) => void;
  readonly close: () => Promise<void>;
}

/**
 * Leases and rounds as in production (LOCK_MS, STALL_CHECK_MS and SWEEP_MS keep their defaults), as how soon work goes
 * on depends on them; what waits for the upstream is shortened.
 */
const settings = {
  PORT: '0',
  EDIT_SETTLE_MS: '100',
  EDIT_RECHECK_FIRST_MS: '500',
  EDIT_RECHECK_MS: '500',
  EDIT_TIMEOUT_MS: '60000',
  EDIT_IDLE_MS: '60000',
  RENDER_POLL_MS: '500',
  RENDER_MAX_POLLS: '200',
  CREDITS_RECHECK_MS: '2000',
  RATE_LIMIT_WAIT_MS: '1000',
  UPSTREAM_GIVE_UP_MS: '60000',
  MAX_IN_FLIGHT: '8',
  SOURCE_ALLOW_PRIVATE: 'true',
  WEBHOOK_ALLOW_PRIVATE: 'true',
  LOG_LEVEL: 'info',
};

export interface Opening {
  readonly folder: string;
  readonly upstream: TcpProxy;
  readonly resources: Resources;
}

export interface PlaceOptions {
  readonly sandbox?: SandboxOptions;
  readonly environment?: Readonly<Record<string, string>>;
  /** Opens what the scenario needs besides, before the service starts; returns settings. */
  readonly prepare?: (opening: Opening) => Promise<Record<string, string>>;
}

const silent = createLog({ level: 'silent' });

export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const resources = createResources();
  try {
    return await open(resources, options);
  } catch (error) {
    await resources.closeAll(silent);
    throw error;
  }
}

async function open(resources: Resources, options: PlaceOptions): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-outage-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const redis = await openRedisProcess(folder);
  resources.add('redis', redis.kill);
  const proxy = await openTcpProxy(redis.port);
  resources.add('proxy', proxy.close);
  const sandbox = await openSandbox({
    timeScale: 12,
    copy: true,
    credits: 1_000_000,
    logLevel: 'silent',
    ...options.sandbox,
  });
  resources.add('sandbox', sandbox.close);
  const upstream = await openTcpProxy(sandbox.port);
  resources.add('upstream', upstream.close);
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'outage' });
  const received: Received[] = [];
  const outside = await openOutside(await readFile(clip), received);
  resources.add('outside', outside.close);
  const environment = {
    ...settings,
    REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    DATA_DIR: folder,
    NEMO_API_URL: `http://127.0.0.1:${upstream.port}`,
    ...(await options.prepare?.({ folder, upstream, resources })),
    ...options.environment,
  };
  const family = openFamily(environment);
  resources.add('children', family.close);
  const [api] = await Promise.all([family.start('api'), family.start('worker'), family.start('worker')]);
  const ctx = await openContext({
    config: readConfig(environment, folder),
    log: silent,
    resources,
    redisTarget: { url: environment.REDIS_URL },
    role: 'worker',
    telemetry: createTelemetry(),
  });
  return {
    api,
    sandbox,
    ctx,
    clipUrl: (name) => `${outside.url}/${name}`,
    receiverUrl: outside.url,
    received,
    folder,
    redis,
    proxy,
    upstream,
    start: family.start,
    ended: () => family.ended,
    log: () => family.lines,
    writeFile: (name, text) => writeFile(join(folder, name), text),
    removeFile: (name) => rm(join(folder, name), { force: true }),
    onClose: (close) => resources.add('of the scenario', close),
    close: async () => {
      // Whatever the scenario left: nothing closes in good order against a Redis that is frozen or slow.
      redis.thaw();
      proxy.slowDown(0);
      await resources.closeAll(silent);
    },
  };
}

const startDeadlineMs = 60_000;

/** The processes of the service. None is ever started again: whatever happens, they must come through. */
function openFamily(environment: Record<string, string>) {
  const children = new Set<ChildProcess>();
  const ended: string[] = [];
  const lines: string[] = [];
  const start = async (role: 'api' | 'worker'): Promise<string> => {
    const file = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
    const child = spawn(process.execPath, [file, role], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let isUp = false;
    const listening = Promise.withResolvers<string>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(`${role} ${line}`);
        if (!line.includes('"msg":"listening"')) return;
        isUp = true;
        listening.resolve((JSON.parse(line) as { address: string }).address);
      });
    }
    child.once('exit', (code, signal) => {
      if (isUp && children.has(child)) ended.push(`${role} (${code ?? signal})`);
      children.delete(child);
      listening.reject(new Error(`${role} ended:\n${lines.slice(-20).join('\n')}`));
    });
    const timer = setTimeout(() => listening.reject(new Error(`${role} did not start`)), startDeadlineMs);
    return listening.promise.finally(() => clearTimeout(timer));
  };
  const close = async (): Promise<void> => {
    const left = [...children];
    children.clear();
    await Promise.all(
      left.map(async (child) => {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  };
  return { start, close, ended, lines };
}
