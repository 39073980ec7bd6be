/** Opens the service, or one half of it, into `resources`: Redis, contexts, workers, API. Used by the entry and by tests. */
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from './api/api.ts';
import type { ApiContext } from './api/api-context.ts';
import { createClosing } from './api/closing.ts';
import { openSessionUrl } from './shared/account/open-session-url.ts';
import { readCredits } from './shared/account/read-credits.ts';
import type { Config } from './shared/config/config.ts';
import { openKeyring, type Keyring } from './shared/keyring.ts';
import { knowStore, StoreEmptiedError } from './shared/know-store.ts';
import type { Log } from './shared/log.ts';
import { openContent } from './shared/open-content.ts';
import { openContext, type OpenedContext } from './shared/open-context.ts';
import { checkRedis } from './shared/redis/check-redis.ts';
import type { RedisTarget } from './shared/redis/connect.ts';
import type { Resources } from './shared/resources.ts';
import { addFleetFigures } from './shared/fleet-figures.ts';
import { createTelemetry } from './shared/telemetry.ts';
import type { Tracing } from './shared/tracing/tracing.ts';
import { openWorkers, type Workers } from './workers/main.ts';
import { openWorkerServer } from './workers/worker-server.ts';
import { openTarget } from './open-target.ts';
import { StartError } from './start-error.ts';

/** Live streams are told to end first; this is for their last bytes. */
const lastAnswersMs = 200;
const unref = { ref: false };

export type Role = 'all' | 'api' | 'worker';

export interface ServiceOptions {
  readonly role: Role;
  readonly config: Config;
  readonly log: Log;
  readonly resources: Resources;
  /** Absent: opened here, and never read again. A worker needs none. */
  readonly keyring?: Keyring;
  /** Absent: opened here. */
  readonly redisTarget?: RedisTarget;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
  /** The chaos harness's: see Context. */
  readonly reach?: (point: string) => void;
}

export interface Service {
  /** Where the API listens; null for workers alone. */
  readonly address: string | null;
  readonly redisTarget: RedisTarget;
}

export async function openService(options: ServiceOptions): Promise<Service> {
  const { role, config, log, resources } = options;
  const keyring = role === 'worker' ? null : (options.keyring ?? (await openKeyring(config, log)));
  const redisTarget = options.redisTarget ?? (await openTarget(config, log, resources));
  const telemetry = createTelemetry();
  const opening = { ...options, telemetry, redisTarget };
  const workerContext = role === 'api' ? null : await openContext({ ...opening, role: 'worker' });
  const apiContext = role === 'worker' ? null : await openContext({ ...opening, role: 'api' });
  await refuseUnfitRedis(workerContext ?? apiContext, log);
  await refuseEmptied(apiContext, workerContext);
  const workers = workerContext === null ? null : await openWorkers(workerContext);
  if (workers !== null) {
    resources.onDrain('workers', workers.drain);
    resources.add('workers', workers.close);
  }
  const some = workerContext ?? apiContext;
  if (some !== null) addFleetFigures(telemetry.registry, some);
  if (workers !== null && workerContext !== null && config.workerPort !== null) {
    const server = await openWorkerServer(workerContext, workers, config.workerPort);
    resources.add('worker server', () => server.close());
  }
  const address =
    apiContext === null || keyring === null ? null : await listen(apiContext, { workers, keyring, resources });
  log.info({ address, role }, 'listening');
  return { address, redisTarget };
}

/** An eviction policy that drops keys, or a Redis without persistence, cannot keep what was accepted. */
async function refuseUnfitRedis(ctx: OpenedContext | null, log: Log): Promise<void> {
  if (ctx === null) return;
  const { problems } = await checkRedis(ctx.redis);
  for (const problem of problems) log.warn({ code: problem.code, detail: problem.detail }, 'Redis is not fit');
  const refused = problems.filter(({ severity }) => severity === 'refuse');
  if (refused.length > 0) throw new StartError(refused.map(({ detail }) => detail).join('\n'));
}

/** The API first: it leaves the file that a worker's start looks at. */
async function refuseEmptied(...contexts: readonly (OpenedContext | null)[]): Promise<void> {
  for (const ctx of contexts) {
    if (ctx === null) continue;
    await knowStore(ctx, ctx === contexts[0]).catch((error: unknown) => {
      if (error instanceof StoreEmptiedError) throw new StartError(error.message, { cause: error });
      throw error;
    });
  }
}

interface Listening {
  readonly workers: Workers | null;
  readonly keyring: Keyring;
  readonly resources: Resources;
}

async function listen(ctx: OpenedContext, { workers, keyring, resources }: Listening): Promise<string> {
  // Loaded where it is served: a worker starts in half the time without it.
  const { createApp } = await import('./api/app.ts');
  const apiContext = toApiContext(ctx, workers, keyring);
  const app = await createApp(apiContext);
  resources.onDrain('api', () => Promise.race([apiContext.closing.begin(), delay(ctx.config.drainMs, null, unref)]));
  resources.add('api', () => closeApi(app));
  await app.listen({ port: ctx.config.port, host: ctx.config.host });
  const { address, port, family } = app.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Answers that are still going out had DRAIN_MS; a reader that has not gone by now would keep the server open. */
async function closeApi(app: Api): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), lastAnswersMs);
  await app.close();
  clearTimeout(timer);
}

function toApiContext(ctx: OpenedContext, workers: Workers | null, keyring: Keyring): ApiContext {
  return {
    ...ctx,
    keyring,
    readCredits: async (signal) => {
      const { helpUrl, ...credits } = await readCredits(ctx, signal);
      return { ...credits, help_url: helpUrl };
    },
    openContent: (output, range, signal) => openContent(ctx, output, { range }, signal),
    openUrlOf: (session) => openSessionUrl(ctx, session),
    metrics: ctx.telemetry.registry,
    closing: createClosing(),
    workerHealth: workers === null ? null : workers.health,
  };
}
