/** What every case runs in: one Redis, one sandbox, an API in this process, a receiver, and processes that may die. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openService } from '../../src/open-service.ts';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { createLog } from '../../src/shared/log.ts';
import { openContext, type OpenedContext } from '../../src/shared/open-context.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
import { createResources } from '../../src/shared/resources.ts';
import { createTelemetry } from '../../src/shared/telemetry.ts';

export interface Received {
  readonly method: string;
  readonly id: string | null;
  readonly body: { type: string; data: { batch_id: string } } | null;
}

export interface Arena {
  readonly api: string;
  readonly sandbox: OpenSandbox;
  /** Looks into Redis. */
  readonly ctx: OpenedContext;
  readonly clipUrl: (name: string) => string;
  readonly receiverUrl: string;
  readonly received: readonly Received[];
  readonly lockMs: number;
  /** A process of the service; `point` and `death`: one that dies there. */
  readonly start: (
    role: 'api' | 'worker' | 'all',
    fault?: { point: string; death: string },
    env?: Record<string, string>,
  ) => ChildProcess;
  /** A healthy worker in this process. */
  readonly openWorker: () => Promise<{ close: () => Promise<void> }>;
  readonly close: () => Promise<void>;
}

/** What a verdict needs of a place. */
export type Judged = Pick<Arena, 'api' | 'sandbox' | 'ctx' | 'clipUrl' | 'receiverUrl' | 'received'>;

const log = createLog({ level: 'silent' });
const lockMs = 1000;

const settings = {
  PORT: '0',
  EDIT_SETTLE_MS: '50',
  EDIT_RECHECK_FIRST_MS: '100',
  EDIT_RECHECK_MS: '100',
  EDIT_RECHECKS: '3',
  EDIT_TIMEOUT_MS: '1500',
  EDIT_IDLE_MS: '1500',
  RENDER_POLL_MS: '60',
  RENDER_MAX_POLLS: '200',
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

export async function openArena(): Promise<Arena> {
  const resources = createResources();
  const folder = await mkdtemp(join(tmpdir(), 'bv-chaos-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const redis = await openEmbeddedRedis({ dataDir: folder, log });
  resources.add('redis', redis.close);
  // Slow enough that a render is polled more than once, quick enough for hundreds of cases.
  const sandbox = await openSandbox({ timeScale: 60, copy: true, credits: 100_000_000, logLevel: 'silent' });
  resources.add('sandbox', sandbox.close);
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'chaos' });
  const received: Received[] = [];
  const outside = await openOutside(await readFile(clip), received);
  resources.add('outside', outside.close);
  const environment = {
    ...settings,
    REDIS_URL: `unix://${redis.socketPath}`,
    DATA_DIR: folder,
    NEMO_API_URL: sandbox.url,
  };
  const config = readConfig(environment, folder);
  const service = await openService({ role: 'api', config, log, resources });
  const redisTarget = { socketPath: redis.socketPath };
  const ctx = await openContext({ config, log, resources, redisTarget, role: 'worker', telemetry: createTelemetry() });
  const children = new Set<ChildProcess>();
  resources.add('children', () => children.forEach((child) => child.kill('SIGKILL')));
  return {
    api: service.address ?? '',
    sandbox,
    ctx,
    clipUrl: (name) => `${outside.url}/${name}`,
    receiverUrl: outside.url,
    received,
    lockMs,
    start: (role, fault, env = {}) => {
      const file = fileURLToPath(new URL(fault === undefined ? '../../src/main.ts' : 'victim.ts', import.meta.url));
      const args = fault === undefined ? [role] : [role, fault.point, fault.death];
      const child = spawn(process.execPath, [file, ...args], {
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment, ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    openWorker: async () => {
      const own = createResources();
      await openService({ role: 'worker', config, log, resources: own });
      return { close: () => own.closeAll(log) };
    },
    close: () => resources.closeAll(log),
  };
}

/** Clips to fetch, a place to put outputs, a receiver of webhooks: everything outside the service. */
export async function openOutside(clip: Buffer, received: Received[]): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.length });
      response.end(request.method === 'HEAD' ? undefined : clip);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const id = request.headers['webhook-id'];
      const body = typeof id === 'string' ? (JSON.parse(Buffer.concat(chunks).toString()) as Received['body']) : null;
      received.push({ method: request.method ?? '', id: typeof id === 'string' ? id : null, body });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function until<T>(what: string, ask: () => Promise<T | null | false>, deadlineMs = 30_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const found = await ask();
    if (found !== null && found !== false) return found;
    await delay(25);
  }
  throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
}
