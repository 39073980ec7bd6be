/** A whole context, opened as the service opens it, on a real Redis under a prefix of its own. */
import { readConfig } from '../src/shared/config/config.ts';
import { openContext, type OpenedContext } from '../src/shared/open-context.ts';
import { createResources } from '../src/shared/resources.ts';
import { createTelemetry } from '../src/shared/telemetry.ts';
import { newPrefix, silentLog } from './redis-server.ts';

export interface TestContext {
  readonly ctx: OpenedContext;
  readonly close: () => Promise<void>;
}

/** `environment` is read as the process's would be; nothing of the machine's own gets in. */
export async function openTestContext(
  socketPath: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<TestContext> {
  const config = readConfig(
    { NEMO_API_URL: 'http://127.0.0.1:9', REDIS_PREFIX: newPrefix(), ...environment },
    '/nonexistent',
  );
  const resources = createResources();
  const telemetry = createTelemetry();
  const ctx = await openContext({
    config,
    log: silentLog,
    telemetry,
    resources,
    redisTarget: { socketPath },
    role: 'worker',
  });
  return { ctx, close: () => resources.closeAll(silentLog) };
}
