/** The whole service and a sandbox in this process, over real HTTP and a real Redis: quick to open, easy to look into. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openService } from '../../src/open-service.ts';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/settings.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { createResources } from '../../src/shared/resources.ts';
import { quick } from '../quick-settings.ts';
import { newPrefix, openTestRedis, silentLog } from '../redis-server.ts';
import { serveClips, type ClipServer } from './world.ts';

export interface World {
  readonly sandbox: OpenSandbox;
  readonly api: string;
  readonly clips: ClipServer;
  readonly close: () => Promise<void>;
}

export interface WorldOptions {
  readonly sandbox?: SandboxOptions;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-world-'));
  const resources = createResources();
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'world' });
  const clips = await serveClips(await readFile(clip));
  resources.add('clips', clips.close);
  const redis = await openTestRedis();
  resources.add('redis', redis.close);
  const sandbox = await openSandbox({
    timeScale: 0,
    copy: true,
    credits: 1_000_000,
    logLevel: 'silent',
    ...options.sandbox,
  });
  resources.add('sandbox', sandbox.close);
  const environment = {
    ...quick,
    REDIS_URL: redis.url,
    REDIS_PREFIX: newPrefix(),
    DATA_DIR: folder,
    NEMO_API_URL: sandbox.url,
    ...options.environment,
  };
  const config = readConfig(environment, folder);
  const service = await openService({ role: 'all', config, log: silentLog, resources });
  return { sandbox, clips, api: service.address ?? '', close: () => resources.closeAll(silentLog) };
}
