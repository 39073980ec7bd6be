/** Opens a sandbox in this process: resources in order, closed in reverse, also when the start fails half-way. */
import { setMaxListeners } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { createBackground } from './background.ts';
import { createClock } from './clock.ts';
import { readEnvironment } from './config.ts';
import type { Sandbox } from './context.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { toLedgerReport } from './ledger-report.ts';
import { createLedger } from './ledger.ts';
import { createLimiter } from './limiter.ts';
import { createRandom } from './random.ts';
import { optionsSchema, settingsSchema, type ResolvedOptions, type SandboxOptions } from './settings.ts';
import { createStore } from './store.ts';
import { addRegistered } from './tokens.routes.ts';

/** Two cores are common on the machines this runs on; more at once would only slow each one down. */
const MAX_FFMPEG = 2;

export interface OpenSandbox {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** The same as `GET /admin/ledger`. */
  readonly ledger: () => ReturnType<typeof toLedgerReport>;
  /** Stops turns, renders and their ffmpeg; deletes the data folder when it was a temporary one. */
  readonly close: () => Promise<void>;
}

export async function openSandbox(options: SandboxOptions = {}): Promise<OpenSandbox> {
  const resolved = optionsSchema.parse(options);
  const isTemporary = resolved.dataDir === null;
  const dataDir =
    resolved.dataDir === null ? await mkdtemp(join(tmpdir(), 'nemo-sandbox-')) : resolve(resolved.dataDir);
  for (const folder of ['media', 'outputs']) await mkdir(join(dataDir, folder), { recursive: true });
  const closing = new AbortController();
  // Every fetch and every ffmpeg listens to it: many at once are no leak.
  setMaxListeners(0, closing.signal);
  const removeData = async (): Promise<void> => {
    if (isTemporary) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const sandbox = createSandbox(resolved, dataDir, closing.signal);
    const app = await createApp(sandbox);
    const url = await app.listen({ port: resolved.port, host: resolved.host });
    sandbox.baseUrl = url;
    const close = async (): Promise<void> => {
      closing.abort();
      await app.close();
      await sandbox.background.settled();
      await removeData();
    };
    return { url, port: Number(new URL(url).port), dataDir, close, ledger: () => toLedgerReport(sandbox.ledger, 0) };
  } catch (error) {
    closing.abort();
    await removeData();
    throw error;
  }
}

function createSandbox(options: ResolvedOptions, dataDir: string, closing: AbortSignal): Sandbox {
  const environment = readEnvironment();
  const settings = settingsSchema.parse(options);
  const clock = createClock(() => settings.timeScale, closing);
  const random = createRandom(options.seed);
  const ledger = createLedger(clock.now());
  const chance = createRandom(options.seed + 1);
  const sandbox: Sandbox = {
    settings,
    clock,
    random,
    ledger,
    dataDir,
    closing,
    store: createStore(),
    faults: {
      entries: [],
      scenario: null,
      nextId: 1,
      drawn: new Map(),
      now: clock.now,
      random: chance.next,
      ledger,
    },
    log: pino({ level: options.logLevel ?? environment.logLevel, name: 'sandbox' }),
    tools: settings.copy ? null : findFfmpeg(environment),
    background: createBackground(),
    renders: createLimiter(MAX_FFMPEG),
    probes: createLimiter(MAX_FFMPEG),
    baseUrl: '',
  };
  for (const { token, credits } of options.tokens) addRegistered(sandbox, token, credits);
  return sandbox;
}
