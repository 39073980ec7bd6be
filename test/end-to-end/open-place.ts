/** Opens a place for account tests: sandbox, Redis, a receiver of webhooks, and the service in one process or several. */
import { createServer, type IncomingMessage } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext as T } from 'node:test';
import { openService } from '../../src/open-service.ts';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/settings.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { createResources, type Resources } from '../../src/shared/resources.ts';
import { startService } from '../processes.ts';
import { quick } from '../quick-settings.ts';
import { newPrefix, openTestRedis, silentLog } from '../redis-server.ts';
import { getJson, serveClips, type ClipServer } from './world.ts';

export interface Call {
  readonly at: number;
  readonly endpoint: string;
  readonly session: string | null;
  readonly status: number;
}

export interface Books {
  readonly calls: readonly Call[];
  readonly tokens: readonly { readonly clientId: string | null }[];
  readonly sessions: readonly {
    readonly id: string;
    readonly charged: number;
    readonly turns: readonly { readonly text: string }[];
  }[];
  readonly repeated_turns: readonly unknown[];
}

export interface Place {
  readonly api: string;
  /** Base address of the sandbox. */
  readonly sandbox: string;
  readonly clips: ClipServer;
  readonly hooks: { readonly url: string; readonly events: readonly { readonly type: string }[] };
  readonly ledger: () => Promise<Books>;
  /** Stops the sandbox and starts an empty one on the same port. */
  readonly stopSandbox: () => Promise<void>;
  readonly startSandbox: () => Promise<void>;
}

export interface PlaceOptions {
  /** 0: one process for all, this one; else so many worker processes and an API. */
  readonly workers: number;
  readonly sandbox?: SandboxOptions;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function openPlace(t: T, options: PlaceOptions): Promise<Place> {
  const resources = createResources();
  t.after(() => resources.closeAll(silentLog));
  const folder = await mkdtemp(join(tmpdir(), 'bv-account-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'account' });
  const clips = await serveClips(await readFile(clip));
  resources.add('clips', clips.close);
  const redis = await openTestRedis();
  resources.add('redis', redis.close);
  const hooks = await openReceiver(resources);
  const settings: SandboxOptions = {
    timeScale: 0,
    copy: true,
    credits: 1_000_000,
    logLevel: 'silent',
    ...options.sandbox,
  };
  let sandbox: OpenSandbox | null = await openSandbox(settings);
  const { url, port } = sandbox;
  const stopSandbox = async (): Promise<void> => {
    await sandbox?.close();
    sandbox = null;
  };
  const startSandbox = async (): Promise<void> => {
    // Another seed: its session ids must not be those that the service still knows.
    sandbox = await openSandbox({ ...settings, port, seed: 2 });
  };
  resources.add('sandbox', stopSandbox);
  const environment = {
    ...quick,
    REDIS_URL: redis.url,
    REDIS_PREFIX: newPrefix(),
    DATA_DIR: folder,
    NEMO_API_URL: url,
    ...options.environment,
  };
  const api = await start(resources, options.workers, environment, folder);
  return {
    api,
    sandbox: url,
    clips,
    hooks,
    ledger: () => getJson<Books>(`${url}/admin/ledger`),
    stopSandbox,
    startSandbox,
  };
}

async function start(
  resources: Resources,
  workers: number,
  environment: Record<string, string>,
  folder: string,
): Promise<string> {
  if (workers === 0) {
    const config = readConfig(environment, folder);
    return (await openService({ role: 'all', config, log: silentLog, resources })).address ?? '';
  }
  const api = await startService('api', environment);
  resources.add('api', () => api.kill());
  for (let at = 0; at < workers; at += 1) {
    const worker = await startService('worker', environment);
    resources.add('worker', () => worker.kill());
  }
  return api.address;
}

async function openReceiver(resources: Resources): Promise<Place['hooks']> {
  const events: { type: string }[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      events.push(JSON.parse(Buffer.concat(chunks).toString()) as { type: string });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  resources.add('receiver', () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, events };
}
