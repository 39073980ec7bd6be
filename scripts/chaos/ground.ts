/** What many arenas share: one Redis (each arena has a prefix of its own in it), one clip, one place outside. */
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { createLog } from '../../src/shared/log.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
import { createResources } from '../../src/shared/resources.ts';
import { openOutside, type Outside, type Received } from './outside.ts';

export interface Ground {
  readonly folder: string;
  readonly socketPath: string;
  readonly outside: Outside;
  readonly received: readonly Received[];
  readonly close: () => Promise<void>;
}

export async function openGround(): Promise<Ground> {
  const log = createLog({ level: 'silent' });
  const resources = createResources();
  const folder = await mkdtemp(join(tmpdir(), 'bv-chaos-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const redis = await openEmbeddedRedis({ dataDir: folder, log });
  resources.add('redis', redis.close);
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'chaos' });
  const received: Received[] = [];
  const outside = await openOutside(await readFile(clip), received);
  resources.add('outside', outside.close);
  return { folder, socketPath: redis.socketPath, outside, received, close: () => resources.closeAll(log) };
}
