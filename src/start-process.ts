/**
 * Starts a process of the service: reads the environment once, opens the parts in order, closes them in reverse on a
 * signal, also when the start fails half-way. A second signal ends it at once.
 */
import { argv, exit, stderr } from 'node:process';
import closeWithGrace from 'close-with-grace';
import { openService, StartError, type Role } from './open-service.ts';
import { ConfigError } from './shared/config/config-error.ts';
import { readProcessConfig } from './shared/config/read-environment.ts';
import type { Config } from './shared/config/config.ts';
import { createLog } from './shared/log.ts';
import { EmbeddedRedisError } from './shared/redis/embedded/embedded-redis-error.ts';
import { createResources } from './shared/resources.ts';
import { openTracing, TracingError } from './shared/tracing/open-tracing.ts';

/** Beyond DRAIN_MS a stop may take this long (design: "done in ≤ DRAIN_MS + 2 s"), then the process just ends. */
const closeSlackMs = 4000;
const usageExitCode = 2;

/** `reach` is the chaos harness's (see Context); the service itself passes none. */
export function startProcess(reach?: (point: string) => void): void {
  run(reach).catch((error: unknown) => {
    stderr.write(`${explain(error)}\n`);
    exit(error instanceof ConfigError || error instanceof StartError ? usageExitCode : 1);
  });
}

async function run(reach?: (point: string) => void): Promise<void> {
  const role = readRole(argv[2]);
  const config = readProcessConfig();
  const resources = createResources({ closeTimeoutMs: config.drainMs + closeSlackMs });
  // First in, last out: what the closing of the others does is traced, too.
  const tracing = await openTracing(config, resources);
  const log = createLog({ level: config.logLevel, secrets: secretsOf(config), bindings: tracing.ids });
  closeWithGrace({ delay: config.drainMs + closeSlackMs, logger: false }, async ({ signal, err }) => {
    if (err !== undefined) log.fatal({ err }, 'ending for an error that nobody caught');
    else log.info({ signal }, 'closing');
    await resources.closeAll(log);
    log.info('closed');
  });
  try {
    await openService({ role, config, log, resources, tracing, ...(reach === undefined ? {} : { reach }) });
  } catch (error) {
    await resources.closeAll(log);
    throw error;
  }
}

function readRole(text: string | undefined): Role {
  if (text === undefined) return 'all';
  if (text === 'api' || text === 'worker') return text;
  throw new StartError(`unknown role "${text}": use api, worker, or nothing for both`);
}

/** Blanked out wherever they turn up in a log line. */
const secretsOf = (config: Config): string[] => [
  ...config.apiKeys.map(({ key }) => key),
  ...(config.nemoToken === null ? [] : [config.nemoToken]),
];

/** What a person can mend is one clear message; anything else keeps its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isClear = [ConfigError, StartError, EmbeddedRedisError, TracingError].some((kind) => error instanceof kind);
  return isClear ? error.message : (error.stack ?? error.message);
}
