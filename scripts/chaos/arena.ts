/**
 * What a case runs in: a sandbox and an API of its own, a prefix of its own in the Redis of the ground, and processes
 * that may die. Nothing of one arena is seen in another, so that the whole ledger of the sandbox is one case's.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openService } from '../../src/open-service.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/settings.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { createLog } from '../../src/shared/log.ts';
import { openContext, type OpenedContext } from '../../src/shared/open-context.ts';
import { createResources } from '../../src/shared/resources.ts';
import { createTelemetry } from '../../src/shared/telemetry.ts';
import { openGround, type Ground } from './ground.ts';
import type { Received } from './outside.ts';

type Role = 'api' | 'worker' | 'all';
type Environment = Readonly<Record<string, string>>;

export interface Fault {
  readonly point: string;
  readonly death: string;
}

export interface Arena {
  readonly api: string;
  readonly sandbox: OpenSandbox;
  /** Looks into Redis. */
  readonly ctx: OpenedContext;
  readonly clipUrl: (name: string) => string;
  readonly receiverUrl: string;
  readonly received: readonly Received[];
  /** Statuses that the outside answers next, by path. */
  readonly answers: Map<string, number[]>;
  readonly lockMs: number;
  /** A process of the service; with a fault: one that dies there. */
  readonly start: (role: Role, fault?: Fault, env?: Environment) => ChildProcess;
  /** The same, once it listens. */
  readonly startListening: (role: Role, fault?: Fault, env?: Environment) => Promise<Listening>;
  /** A healthy worker in this process. */
  readonly openWorker: () => Promise<{ close: () => Promise<void> }>;
  readonly close: () => Promise<void>;
}

/** What a verdict needs of a place. */
export type Judged = Pick<Arena, 'api' | 'sandbox' | 'ctx' | 'clipUrl' | 'receiverUrl' | 'received'>;

export interface Listening {
  readonly child: ChildProcess;
  /** Empty for a worker. */
  readonly address: string;
}

export interface ArenaOptions {
  /** Absent: one of its own. */
  readonly ground?: Ground;
  readonly sandbox?: SandboxOptions;
  readonly environment?: Environment;
}

const log = createLog({ level: 'silent' });
/** Twice the longest that this process, with many arenas in it, may be too busy to renew a lease. */
const lockMs = 1500;

const settings = {
  PORT: '0',
  EDIT_SETTLE_MS: '50',
  EDIT_RECHECK_FIRST_MS: '100',
  EDIT_RECHECK_MS: '100',
  EDIT_RECHECKS: '3',
  EDIT_TIMEOUT_MS: '1500',
  EDIT_IDLE_MS: '1500',
  RENDER_POLL_MS: '60',
  RENDER_MAX_POLLS: '400',
  SWEEP_MS: '300',
  LOCK_MS: String(lockMs),
  STALL_CHECK_MS: '250',
  DRAIN_MS: '500',
  CREDITS_RECHECK_MS: '500',
  RATE_LIMIT_WAIT_MS: '300',
  WEBHOOK_RETRY_MS: '0,200,200,500,500',
  SOURCE_ALLOW_PRIVATE: 'true',
  WEBHOOK_ALLOW_PRIVATE: 'true',
  LOG_LEVEL: 'warn',
};

let arenas = 0;

export async function openArena(options: ArenaOptions = {}): Promise<Arena> {
  const resources = createResources();
  const ground = options.ground ?? (await openGround());
  if (options.ground === undefined) resources.add('ground', ground.close);
  const prefix = `chaos-${(arenas += 1)}`;
  try {
    // Slow enough that a render is polled more than once, quick enough for hundreds of cases.
    const sandboxOptions = { timeScale: 60, copy: true, credits: 1_000_000, logLevel: 'silent', seed: arenas };
    const sandbox = await openSandbox({ ...sandboxOptions, ...options.sandbox });
    resources.add('sandbox', sandbox.close);
    const environment = {
      ...settings,
      REDIS_URL: `unix://${ground.socketPath}`,
      REDIS_PREFIX: prefix,
      // Uploads of two installations never share a folder.
      DATA_DIR: join(ground.folder, prefix),
      NEMO_API_URL: sandbox.url,
      ...options.environment,
    };
    const config = readConfig(environment, ground.folder);
    const redisTarget = { socketPath: ground.socketPath };
    const telemetry = createTelemetry();
    const ctx = await openContext({ config, log, resources, redisTarget, role: 'worker', telemetry });
    const service = await openService({ role: 'api', config, log, resources });
    const children = openChildren(environment);
    resources.add('children', children.close);
    return {
      api: service.address ?? '',
      sandbox,
      ctx,
      clipUrl: (name) => `${ground.outside.url}/${prefix}/${name}`,
      receiverUrl: `${ground.outside.url}/${prefix}`,
      received: ground.received,
      answers: ground.outside.answers,
      lockMs: config.lockMs,
      ...children,
      openWorker: async () => {
        const own = createResources();
        await openService({ role: 'worker', config, log, resources: own });
        return { close: () => own.closeAll(log) };
      },
      close: () => resources.closeAll(log),
    };
  } catch (error) {
    await resources.closeAll(log);
    throw error;
  }
}

function openChildren(environment: Environment): Pick<Arena, 'start' | 'startListening' | 'close'> {
  const children = new Set<ChildProcess>();
  const begin = (role: Role, fault: Fault | undefined, env: Environment, stdout: 'ignore' | 'pipe'): ChildProcess => {
    const file = fileURLToPath(new URL(fault === undefined ? '../../src/main.ts' : 'victim.ts', import.meta.url));
    const args = fault === undefined ? (role === 'all' ? [] : [role]) : [role, fault.point, fault.death];
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const child = spawn(process.execPath, [file, ...args], {
      env: { PATH, HOME, NODE_COMPILE_CACHE, ...environment, ...env },
      stdio: ['ignore', stdout, 'inherit'],
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  return {
    start: (role, fault, env = {}) => begin(role, fault, env, 'ignore'),
    startListening: async (role, fault, env = {}) => {
      const child = begin(role, fault, { ...env, LOG_LEVEL: 'info' }, 'pipe');
      return { child, address: await listens(child) };
    },
    close: async () => {
      await Promise.all([...children].map(endChild));
    },
  };
}

/** Resolves with what its log says that it listens at. */
function listens(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once('exit', () => reject(new Error('a process ended before it listened')));
  if (child.stdout === null) throw new Error('nothing to read');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.includes('"msg":"listening"')) return;
    resolve((JSON.parse(line) as { address: string | null }).address ?? '');
  });
  return promise;
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Deadlines are for a machine that is busy with other things, too: they matter to what fails alone. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | false>,
  deadlineMs = 60_000,
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const found = await ask();
    if (found !== null && found !== false) return found;
    await delay(everyMs);
  }
  throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
}
