/**
 * Starts a process of the service: reads the environment once, opens the parts in order, closes them in reverse on a
 * signal, also when the start fails half-way. A second signal ends it at once. SIGHUP ends nothing but what is run in a
 * terminal: it means that API_KEYS_FILE is to be read again.
 */
import process, { argv, exit, stderr, stdin } from 'node:process';
import closeWithGrace from 'close-with-grace';
import type { Role } from './open-service.ts';
import { openTarget } from './open-target.ts';
import { ConfigError } from './shared/config/config-error.ts';
import { readProcessConfig } from './shared/config/read-environment.ts';
import { secretsOf } from './shared/config/secrets-of.ts';
import { openKeyring } from './shared/keyring.ts';
import { createLog } from './shared/log.ts';
import { EmbeddedRedisError } from './shared/redis/embedded/embedded-redis-error.ts';
import { createResources } from './shared/resources.ts';
import { openTracing, TracingError } from './shared/tracing/open-tracing.ts';
import { StartError } from './start-error.ts';

/** A stop may take DRAIN_MS and 2 s (design §9 and the issues); then the process just ends. */
const closeSlackMs = 1900;
/** What is drained in time needs this long beyond DRAIN_MS to be handed over. */
const handOverSlackMs = 800;
/** Each of the parts; all but a lost Redis close in a few ms. */
const closeTimeoutMs = 500;
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
  const config = await readProcessConfig({ withKeys: role !== 'worker' });
  const resources = createResources({ closeTimeoutMs, drainTimeoutMs: config.drainMs + handOverSlackMs });
  // First in, last out: what the closing of the others does is traced, too.
  const tracing = await openTracing(config, resources);
  const log = createLog({ level: config.logLevel, secrets: secretsOf(config), bindings: tracing.ids });
  const keyring = role === 'worker' ? null : await openKeyring(config, log);
  const isHangUp = config.apiKeysFile === null && stdin.isTTY;
  if (!isHangUp) {
    process.on('SIGHUP', () => {
      if (config.apiKeysFile !== null) void keyring?.reread();
    });
  }
  const skip: 'SIGHUP'[] = isHangUp ? [] : ['SIGHUP'];
  closeWithGrace({ delay: config.drainMs + closeSlackMs, logger: false, skip }, async ({ signal, err }) => {
    if (err !== undefined) log.fatal({ err }, 'ending for an error that nobody caught');
    else log.info({ signal }, 'closing');
    await resources.closeAll(log);
    log.info('closed');
  });
  try {
    // Redis comes up while the rest is loaded, which takes longer.
    const [redisTarget, { openService }] = await Promise.all([
      openTarget(config, log, resources),
      import('./open-service.ts'),
      role === 'worker' ? null : import('./api/app.ts'),
    ]);
    await openService({
      role,
      config,
      log,
      resources,
      redisTarget,
      tracing,
      ...(keyring === null ? {} : { keyring }),
      ...(reach === undefined ? {} : { reach }),
    });
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

/** What a person can mend is one clear message; anything else keeps its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isClear = [ConfigError, StartError, EmbeddedRedisError, TracingError].some((kind) => error instanceof kind);
  return isClear ? error.message : (error.stack ?? error.message);
}
