/** 100,000 files in a real Redis behind the real API, without workers: whatever changes is changed from here. */
import { setTimeout as delay } from 'node:timers/promises';
import { openService } from '../../src/open-service.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { fileId } from '../../src/shared/ids.ts';
import { createKeys } from '../../src/shared/redis/keys.ts';
import { openRedis } from '../../src/shared/redis/connect.ts';
import { createResources } from '../../src/shared/resources.ts';
import { newPrefix, openTestRedis, silentLog } from '../../test/redis-server.ts';

const filesABatch = 50_000;
const tickMs = 50;

export interface Crowd {
  readonly api: string;
  readonly batchIds: readonly string[];
  /** So many files a second change, as a step's progress changes them and the live stream tells it. */
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
  const redis = openRedis({ socketPath: server.socketPath, role: 'api', log: silentLog });
  resources.add('changes', () => redis.disconnect());
  const keys = createKeys(config.redisPrefix);
  const batchId = batchIds[0] ?? '';
  const change = async (perSecond: number, ms: number): Promise<void> => {
    const startedAt = performance.now();
    let made = 0;
    while (performance.now() - startedAt < ms) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
      const pipeline = redis.pipeline();
      for (; made < due; made += 1) {
        // Half of them among the first hundred, which are on screen.
        const index = made % 2 === 0 ? Math.floor(made / 2) % 100 : (made * 7919) % filesABatch;
        const id = fileId(batchId, index);
        const note = { batch_id: batchId, file_id: id, progress: made % 100, note: `change ${made}` };
        pipeline.set(keys.live(id), JSON.stringify(note), 'EX', 180);
        pipeline.xadd(keys.events(batchId), 'MAXLEN', '~', 20_000, '*', 'f', String(index), 'r', '1');
      }
      pipeline.publish(keys.eventsChannel(), batchId);
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
