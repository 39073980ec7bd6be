/** An API on a real Redis under a prefix of its own, wired as its process wires it, but for the upstream. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Api } from '../../src/api/api.ts';
import type { ApiContext } from '../../src/api/api-context.ts';
import { createApp } from '../../src/api/app.ts';
import type { HttpLimits } from '../../src/api/http-limits.ts';
import { createClosing } from '../../src/api/closing.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { openKeyring } from '../../src/shared/keyring.ts';
import { openContext } from '../../src/shared/open-context.ts';
import { createResources } from '../../src/shared/resources.ts';
import { createTelemetry } from '../../src/shared/telemetry.ts';
import { newPrefix, silentLog } from '../redis-server.ts';

export interface TestApi {
  readonly app: Api;
  readonly ctx: ApiContext;
  readonly dataDir: string;
  readonly close: () => Promise<void>;
}

export async function openTestApi(
  socketPath: string,
  environment: Readonly<Record<string, string>> = {},
  overrides: Partial<ApiContext> = {},
  limits?: HttpLimits,
): Promise<TestApi> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bv-api-'));
  const config = readConfig(
    { NEMO_API_URL: 'http://127.0.0.1:9', REDIS_PREFIX: newPrefix(), DATA_DIR: dataDir, ...environment },
    dataDir,
  );
  const resources = createResources();
  const telemetry = createTelemetry();
  const opened = await openContext({
    config,
    log: silentLog,
    telemetry,
    resources,
    redisTarget: { socketPath },
    role: 'api',
  });
  const ctx: ApiContext = {
    ...opened,
    readCredits: async () => ({
      available: 100,
      frozen: 0,
      total: 100,
      kind: 'registered',
      help_url: 'https://example.com',
    }),
    openContent: async () => ({ status: 200, headers: { 'content-length': '5' }, body: Readable.from(['video']) }),
    openUrlOf: async () => null,
    keyring: await openKeyring(config, silentLog),
    metrics: telemetry.registry,
    closing: createClosing(),
    workerHealth: null,
    ...overrides,
  };
  const app = await createApp(ctx, limits);
  const close = async (): Promise<void> => {
    await app.close();
    await resources.closeAll(silentLog);
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
