/** A place where rows run: one sandbox and one real service against it, in this process, on a Redis that others share. */
import { join } from 'node:path';
import { openService } from '../../src/open-service.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { createLog } from '../../src/shared/log.ts';
import { createResources } from '../../src/shared/resources.ts';
import type { Combination } from './row.ts';

export interface Base {
  readonly folder: string;
  readonly redisUrl: string;
  readonly clips: string;
  readonly hooks: string;
  readonly logLevel: 'silent' | 'debug';
}

export interface Place extends Combination {
  readonly service: string;
  readonly sandbox: OpenSandbox;
  /** The folder of `{path}` sources. */
  readonly mediaRoot: string;
  /** Ends the service alone and starts it again: what it kept is in Redis. */
  readonly restart: (env?: Readonly<Record<string, string>>) => Promise<Place>;
  readonly close: () => Promise<void>;
}

/** The waits of the real settings in short. Between each two of them there is room for a loaded machine. */
const quick: Readonly<Record<string, string>> = {
  RATE_LIMIT_WAIT_MS: '600',
  EDIT_SETTLE_MS: '60',
  EDIT_RECHECK_FIRST_MS: '250',
  EDIT_RECHECK_MS: '250',
  EDIT_RECHECKS: '4',
  EDIT_TIMEOUT_MS: '3000',
  EDIT_IDLE_MS: '1500',
  RENDER_POLL_MS: '120',
  RENDER_MAX_POLLS: '8',
  CREDITS_RECHECK_MS: '300',
  SWEEP_MS: '500',
  UPSTREAM_GIVE_UP_MS: '20000',
  WEBHOOK_RETRY_MS: '0,200,200',
  DRAIN_MS: '200',
};

let prefixes = 0;

export async function openPlace(
  base: Base,
  combination: Combination,
  options: { readonly env?: Readonly<Record<string, string>>; readonly sandbox?: Readonly<Record<string, unknown>> },
): Promise<Place> {
  const sandbox = await openSandbox({
    timeScale: 0,
    copy: true,
    credits: 1_000_000,
    logLevel: 'silent',
    ...combination,
    ...options.sandbox,
  });
  prefixes += 1;
  const mediaRoot = join(base.folder, 'media');
  const environment = {
    ...quick,
    PORT: '0',
    REDIS_URL: base.redisUrl,
    REDIS_PREFIX: `conformance-${prefixes}`,
    DATA_DIR: join(base.folder, `data-${prefixes}`),
    MEDIA_ROOT: mediaRoot,
    NEMO_API_URL: sandbox.url,
    SOURCE_ALLOW_PRIVATE: 'true',
    WEBHOOK_ALLOW_PRIVATE: 'true',
    ...options.env,
  };
  return start(base, { ...combination, sandbox, mediaRoot }, environment);
}

async function start(
  base: Base,
  around: Combination & Pick<Place, 'sandbox' | 'mediaRoot'>,
  environment: Readonly<Record<string, string>>,
): Promise<Place> {
  const log = createLog({ level: base.logLevel });
  const resources = createResources({ closeTimeoutMs: 5000 });
  const stop = (): Promise<void> => resources.closeAll(log);
  try {
    const { address } = await openService({ role: 'all', config: readConfig(environment, '/'), log, resources });
    return {
      ...around,
      service: address ?? '',
      restart: async (env = {}) => {
        await stop();
        return start(base, around, { ...environment, ...env });
      },
      close: async () => {
        await stop();
        await around.sandbox.close();
      },
    };
  } catch (error) {
    await stop();
    await around.sandbox.close();
    throw error;
  }
}
