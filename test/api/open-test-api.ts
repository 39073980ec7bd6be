/** An API on a real Redis with a prefix of its own, as its process would have it, but for the upstream. */
import { Registry } from '@prometheus-io/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Api } from '../../src/api/api.ts';
import type { ApiContext } from '../../src/api/api-context.ts';
import { createApp } from '../../src/api/app.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { openQueues, closeQueues } from '../../src/shared/queues.ts';
import { openRedis, whenReady } from '../../src/shared/redis/connect.ts';
import { createKeys } from '../../src/shared/redis/keys.ts';
import { createScripts } from '../../src/shared/redis/scripts.ts';
import { createSpecCache } from '../../src/shared/spec-cache.ts';
import { openWebhookSender } from '../../src/shared/webhook/webhook-sender.ts';
import { newPrefix, silentLog, type TestRedis } from '../redis-server.ts';

export interface TestApi {
  readonly app: Api;
  readonly ctx: ApiContext;
  readonly dataDir: string;
  readonly close: () => Promise<void>;
}

const policy = {
  rateLimitWaitMs: 50,
  rateLimitAttempts: 3,
  editTimeoutMs: 1000,
  editSettleMs: 50,
  editRecheckFirstMs: 50,
  editRecheckMs: 50,
  editRechecks: 3,
  upstreamGiveUpMs: 1000,
  renderPollMs: 50,
  renderMaxPolls: 5,
};

export async function openTestApi(
  server: Pick<TestRedis, 'socketPath'>,
  environment: Record<string, string> = {},
  overrides: Partial<ApiContext> = {},
): Promise<TestApi> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bv-api-'));
  const config = readConfig({ REDIS_PREFIX: newPrefix(), DATA_DIR: dataDir, ...environment }, dataDir);
  const redis = openRedis({ socketPath: server.socketPath, role: 'api', log: silentLog });
  const subscriber = openRedis({ socketPath: server.socketPath, role: 'subscriber', log: silentLog });
  await Promise.all([whenReady(redis, 5000), whenReady(subscriber, 5000)]);
  const keys = createKeys(config.redisPrefix);
  const queues = openQueues(redis, keys.tag);
  const webhooks = openWebhookSender(config);
  const ctx: ApiContext = {
    config,
    log: silentLog,
    redis,
    subscriber,
    keys,
    scripts: createScripts(redis, keys),
    queues,
    policy,
    specs: createSpecCache(),
    webhooks,
    accountId: 'test-account',
    random: () => 0,
    readCredits: async () => ({ available: 100, frozen: 0, total: 100 }),
    openContent: async () => ({ status: 200, headers: { 'content-length': '5' }, body: Readable.from(['video']) }),
    openUrlOf: async () => null,
    metrics: new Registry(),
    workerHealth: null,
    ...overrides,
  };
  const app = await createApp(ctx);
  const close = async (): Promise<void> => {
    await app.close();
    await closeQueues(queues);
    await webhooks.close();
    redis.disconnect();
    subscriber.disconnect();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { app, ctx, dataDir, close };
}

/** A body that is accepted. */
export const aBatch = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  instructions: ['trim the first 3 seconds'],
  files: [{ source: { url: 'https://example.com/a.mp4' } }],
  ...changes,
});

export const someFiles = (count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, at) => ({ source: { url: `https://example.com/${at}.mp4` } }));
