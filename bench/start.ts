/** From the start of the process to /readyz 200, with an embedded Redis that has run before, beside redis-server alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../src/shared/redis/embedded/start-server.ts';
import { findRedis } from '../src/shared/redis/embedded/find-redis.ts';
import { readSystemPaths } from '../src/shared/config/system-paths.ts';
import { silentLog } from '../test/redis-server.ts';
import { alternate, type Bench } from './frame/bench.ts';
import { quickest, startService } from './frame/open-place.ts';

export const start: Bench = {
  name: 'start',
  compares: 'the start of the service with that of redis-server',
  run: async ({ runs, say }) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'bv-bench-'));
    const binary = await findRedis({ ...readSystemPaths(env), log: silentLog });
    try {
      const { ours, theirs } = await alternate(
        { runs: runs * 3, warmUp: true },
        async () => {
          const startedAt = performance.now();
          const environment = { ...quickest, DATA_DIR: dataDir, NEMO_API_URL: 'http://127.0.0.1:9' };
          const service = await startService({ env: environment });
          while (!(await isReady(service.address))) await delay(2);
          const ms = performance.now() - startedAt;
          await service.stop();
          say(`${Math.round(ms)} ms`);
          return ms;
        },
        async () => {
          const folder = await mkdtemp(join(tmpdir(), 'bv-bench-'));
          const startedAt = performance.now();
          const server = await startServer({
            binary,
            folder,
            socketPath: join(folder, 'r.sock'),
            appendfsync: 'always',
          });
          const ms = performance.now() - startedAt;
          await server.stop();
          await rm(folder, { recursive: true, force: true });
          return ms;
        },
      );
      const node = await bareNodeMs();
      return [
        {
          what: 'start to ready, embedded Redis',
          unit: 'ms',
          ours,
          baseline: { what: 'redis-server', values: theirs },
          goal: { kind: 'more by at most', value: 700 },
        },
        { what: 'a Node that does nothing, for comparison', unit: 'ms', ours: [node] },
      ];
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

async function isReady(address: string): Promise<boolean> {
  return (await fetch(`${address}/readyz`)).status === 200;
}

async function bareNodeMs(): Promise<number> {
  const startedAt = performance.now();
  await once(spawn('node', ['-e', '0']), 'exit');
  return performance.now() - startedAt;
}
