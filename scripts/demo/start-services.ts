/** The sandbox and the real service, both on free ports of this machine, with waits shortened to the sandbox's pace. */
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { serviceSettings } from '../../src/shared/config/service-settings.ts';
import { telemetrySettings } from '../../src/shared/config/telemetry-settings.ts';
import { upstreamSettings } from '../../src/shared/config/upstream-settings.ts';
import { webhookSettings } from '../../src/shared/config/webhook-settings.ts';
import { startChild, type Child, type ChildOptions } from './start-child.ts';

export interface Surroundings {
  readonly root: string;
  /** Deleted at the end. */
  readonly dataDir: string;
  readonly logDir: string;
  readonly signal: AbortSignal;
  readonly onLost: ChildOptions['onLost'];
}

/** A turn of 10 to 30 s takes about one. Encoding is real and takes its time. */
const timeScale = 20;
/** A new session costs 50 (upstream rule); some are left over. */
const creditsOfFile = 60;

export function startSandbox(around: Surroundings, options: { files: number; copy: boolean }): Promise<Child> {
  const credits = Math.max(1000, options.files * creditsOfFile);
  return startChild({
    ...around,
    what: 'The sandbox',
    args: [
      join(around.root, 'src', 'sandbox', 'main.ts'),
      '--port',
      '0',
      '--time-scale',
      String(timeScale),
      '--credits',
      String(credits),
      ...(options.copy ? ['--copy'] : []),
    ],
    env: process.env,
    logPath: join(around.logDir, 'sandbox.log'),
    toAddress: (line) => /listening on (http:\S+)/.exec(line)?.[1] ?? null,
  });
}

export function startService(around: Surroundings, upstreamUrl: string): Promise<Child> {
  return startChild({
    ...around,
    what: 'The service',
    args: [join(around.root, 'src', 'main.ts')],
    env: {
      ...withoutSettings(),
      PORT: '0',
      NEMO_API_URL: upstreamUrl,
      DATA_DIR: around.dataDir,
      SOURCE_ALLOW_PRIVATE: 'true',
      EDIT_SETTLE_MS: '500',
      EDIT_RECHECK_FIRST_MS: '1000',
      EDIT_RECHECK_MS: '2000',
      RENDER_POLL_MS: '1000',
      // The sandbox encodes on this machine's few cores: a long line of renders is no fault.
      RENDER_MAX_POLLS: '1000',
      DRAIN_MS: '1000',
    },
    logPath: join(around.logDir, 'service.log'),
    toAddress: readListening,
  });
}

/** A real account or Redis that is set here must have no part in a demo. */
function withoutSettings(): Record<string, string | undefined> {
  const settings = { ...serviceSettings, ...upstreamSettings, ...webhookSettings, ...telemetrySettings };
  const names = new Set<string>(Object.values(settings).map(({ name }) => name));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.has(name)));
}

const listeningSchema = z.object({ msg: z.literal('listening'), address: z.string() });

function readListening(line: string): string | null {
  try {
    return listeningSchema.safeParse(JSON.parse(line)).data?.address ?? null;
  } catch {
    // A line that is no log record is of no interest here.
    return null;
  }
}
