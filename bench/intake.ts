/** Taking in a large batch, beside BullMQ's addBulk of the same files in chunks, and how long it blocks the API's event loop. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { batchBody, sendBatch } from './frame/api-client.ts';
import { alternate, type Bench } from './frame/bench.ts';
import { openStore, quickest, startService, startStub } from './frame/open-place.ts';
import type { Row } from './frame/row.ts';
import { runNode } from './frame/start-node.ts';
import { newPrefix } from '../test/redis-server.ts';

/** An event loop may be blocked for so long at such a size. */
const blockedAtMost = new Map([
  [10_000, 50],
  [50_000, 250],
]);

export const intake: Bench = {
  name: 'intake',
  compares: 'taking in a batch with addBulk of BullMQ',
  run: async ({ runs, sizes, say }) => {
    const store = await openStore();
    const stub = await startStub();
    const probe = join(store.dataDir, 'probe.json');
    const api = await startService({
      args: ['api'],
      nodeArgs: ['--import', join(import.meta.dirname, 'intake', 'probe.ts')],
      env: {
        ...quickest,
        REDIS_URL: `unix://${store.socketPath}`,
        REDIS_PREFIX: newPrefix(),
        DATA_DIR: store.dataDir,
        NEMO_API_URL: stub.address,
        MAX_WAITING_FILES: '100000000',
        BENCH_PROBE: probe,
      },
    });
    const blockedMs = async (): Promise<number> => {
      await rm(probe, { force: true });
      kill(api.pid, 'SIGWINCH');
      for (;;) {
        const text = await readFile(probe, 'utf8').catch(() => '');
        if (text !== '') return (JSON.parse(text) as { maxMs: number }).maxMs;
        await delay(5);
      }
    };
    try {
      const rows: Row[] = [];
      for (const files of sizes ?? [10_000, 50_000]) {
        const body = batchBody({ files });
        const { ours, theirs } = await alternate(
          { runs, warmUp: true },
          async () => {
            await blockedMs();
            const startedAt = performance.now();
            await sendBatch(api.address, body);
            const ms = performance.now() - startedAt;
            const blocked = await blockedMs();
            say(`${files} files in ${Math.round(ms)} ms, loop blocked for ${Math.round(blocked)} ms at most`);
            return { ms, blocked };
          },
          async () => {
            await store.redis.del('{bullmq}:edit:wait');
            return runNode<{ intakeMs: number; loopMaxMs: number }>({
              file: 'bench/bullmq/main.ts',
              args: ['--redis', store.socketPath, '--files', String(files), '--intake'],
            });
          },
        );
        const size = `${files.toLocaleString('en')} files`;
        const most = blockedAtMost.get(files);
        rows.push({
          what: `intake, ${size}`,
          unit: 'ms',
          ours: ours.map(({ ms }) => ms),
          baseline: { what: 'BullMQ addBulk', values: theirs.map(({ intakeMs }) => intakeMs) },
          goal: { kind: 'ratio at most', value: 1 },
        });
        rows.push({
          what: `event loop blocked at most during intake, ${size}`,
          unit: 'ms',
          ours: ours.map(({ blocked }) => blocked),
          baseline: { what: 'BullMQ addBulk', values: theirs.map(({ loopMaxMs }) => loopMaxMs) },
          ...(most === undefined ? {} : { goal: { kind: 'at most', value: most } }),
        });
      }
      return rows;
    } finally {
      await api.stop();
      await stub.stop();
      await store.close();
    }
  },
};
