/** 100,000 files in a real Redis behind the real API, without workers: whatever changes is changed from here. */
import { setTimeout as delay } from 'node:timers/promises';
import { openService } from '../../src/open-service.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { fileId } from '../../src/shared/ids.ts';
import type { LiveProgress } from '../../src/shared/live-progress.ts';
import { createResources } from '../../src/shared/resources.ts';
import { openTestContext } from '../../test/open-test-context.ts';
import { completing, tell } from '../../test/shared/webhook/open-webhook-context.ts';
import { newPrefix, openTestRedis, silentLog } from '../../test/redis-server.ts';

const filesABatch = 50_000;
const filesAtWork = 1000;
const tickMs = 50;

export interface Crowd {
  readonly api: string;
  readonly batchIds: readonly string[];
  /** So many times a second a file tells how far it is, and that it changed: with the messages of a step and of a save. */
  readonly change: (perSecond: number, ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openCrowd(files: number): Promise<Crowd> {
  const resources = createResources();
  const server = await openTestRedis();
  resources.add('redis', server.close);
  const config = readConfig(
    {
      PORT: '0',
      REDIS_URL: server.url,
      REDIS_PREFIX: newPrefix(),
      DATA_DIR: server.dataDir,
      NEMO_API_URL: 'http://127.0.0.1:9',
    },
    server.dataDir,
  );
  const { address } = await openService({ role: 'api', config, log: silentLog, resources });
  const api = address ?? '';
  const batchIds: string[] = [];
  for (let made = 0; made < files; made += filesABatch) batchIds.push(await postBatch(api, made / filesABatch));
  const { ctx, close } = await openTestContext(server.socketPath, { REDIS_PREFIX: config.redisPrefix });
  resources.add('changes', close);
  const [batchId = ''] = batchIds;
  // Only what is at work shows how far it is: these are in their turn.
  for (let index = 0; index < filesAtWork; index += 1) await tell(ctx, batchId, index, ...completing.slice(0, 4));
  const { keys } = ctx;
  const change = async (perSecond: number, ms: number): Promise<void> => {
    const startedAt = performance.now();
    let made = 0;
    while (performance.now() - startedAt < ms) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
      const pipeline = ctx.redis.pipeline();
      for (; made < due; made += 1) {
        // Half of them among the first hundred, which are on screen.
        const index = made % 2 === 0 ? Math.floor(made / 2) % 100 : (made * 7919) % filesAtWork;
        const id = fileId(batchId, index);
        const progress = { batch_id: batchId, file_id: id, progress: made % 100, note: `change ${made}` };
        const message = JSON.stringify(progress satisfies LiveProgress);
        pipeline.set(keys.live(id), message, 'EX', 180);
        pipeline.publish(keys.progressChannel(), message);
        pipeline.xadd(keys.events(batchId), 'MAXLEN', '~', 20_000, '*', 'f', String(index));
        pipeline.publish(keys.eventsChannel(), `local ${batchId}`);
      }
      await pipeline.exec();
      await delay(tickMs);
    }
  };
  return { api, batchIds, change, close: () => resources.closeAll(silentLog) };
}

async function postBatch(api: string, number: number): Promise<string> {
  const files = Array.from({ length: filesABatch }, (_, at) => ({
    source: { url: `https://example.com/${number}/${at}.mp4` },
    name: `clip-${at}.mp4`,
    custom_id: `sku-${number}-${at}`,
  }));
  const response = await fetch(`${api}/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: `batch ${number}`, instructions: ['mute'], files }),
  });
  if (response.status !== 202) throw new Error(await response.text());
  return ((await response.json()) as { id: string }).id;
}
