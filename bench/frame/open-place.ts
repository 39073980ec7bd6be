/** A Redis as it is shipped (append-only, fsync always), a stub upstream, an API and workers, each a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { heapFlags } from '../../src/heap-flags.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
import { createResources } from '../../src/shared/resources.ts';
import { newPrefix, silentLog } from '../../test/redis-server.ts';
import { countCommands, type CommandCounter } from './count-commands.ts';
import { startNode, type NodeProgram, type Running } from './start-node.ts';

export interface PlaceOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stub?: readonly string[];
  readonly workers?: number;
  /** Everything of the service goes to Redis through a counter; slower, so such a run is not timed. */
  readonly counted?: boolean;
  /** Flags of Node for the worker: a profile. */
  readonly workerNodeArgs?: readonly string[];
}

export interface Place {
  readonly api: Running;
  readonly workers: readonly Running[];
  readonly stub: Running;
  readonly redis: Redis;
  readonly redisSocket: string;
  readonly prefix: string;
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly counter: CommandCounter | null;
  readonly startWorker: () => Promise<Running>;
  readonly startApi: () => Promise<Running>;
  readonly close: () => Promise<void>;
}

export interface Store {
  readonly redis: Redis;
  readonly socketPath: string;
  readonly dataDir: string;
  readonly close: () => Promise<void>;
}

export async function openStore(): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bv-bench-'));
  const server = await openEmbeddedRedis({ dataDir, log: silentLog, appendfsync: 'always' });
  const redis = new Redis(server.socketPath);
  return {
    redis,
    socketPath: server.socketPath,
    dataDir,
    close: async () => {
      redis.disconnect();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Waits that the protocol prescribes are as short as the settings allow: what is measured is the work. */
export const quickest = {
  PORT: '0',
  NEMO_TOKEN: 'bench',
  SOURCE_ALLOW_PRIVATE: 'true',
  WEBHOOK_ALLOW_PRIVATE: 'true',
  EDIT_SETTLE_MS: '50',
  RENDER_POLL_MS: '50',
  RENDER_MAX_POLLS: '1000',
  DRAIN_MS: '1000',
  MAX_IN_FLIGHT: '200',
  UPLOAD_CONCURRENCY: '50',
};

export const startStub = (args: readonly string[] = []): Promise<Running> =>
  startNode({ file: 'bench/stub/main.ts', args }, (line) => /^listening on (http:\S+)/.exec(line)?.[1] ?? null);

export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const resources = createResources();
  const started = <R extends Running>(name: string, running: R): R => {
    resources.add(name, () => running.stop());
    return running;
  };
  try {
    const store = await openStore();
    resources.add('store', store.close);
    const counter = options.counted === true ? await countCommands(store.socketPath) : null;
    if (counter !== null) resources.add('counter', counter.close);
    const stub = started('stub', await startStub(options.stub));
    const prefix = newPrefix();
    const environment = {
      ...quickest,
      REDIS_URL: counter?.url ?? `unix://${store.socketPath}`,
      REDIS_PREFIX: prefix,
      DATA_DIR: store.dataDir,
      NEMO_API_URL: stub.address,
      ...options.environment,
    };
    const start = (role: 'api' | 'worker', nodeArgs: readonly string[] = []) =>
      startService({ args: [role], env: environment, nodeArgs });
    const startApi = async () => started('api', await start('api'));
    const api = await startApi();
    const startWorker = async () => started('worker', await start('worker', options.workerNodeArgs));
    const workers: Running[] = [];
    for (let at = 0; at < (options.workers ?? 1); at += 1) workers.push(await startWorker());
    return {
      api,
      workers,
      stub,
      redis: store.redis,
      redisSocket: store.socketPath,
      prefix,
      dataDir: store.dataDir,
      environment,
      counter,
      startWorker,
      startApi,
      close: () => resources.closeAll(silentLog),
    };
  } catch (error) {
    await resources.closeAll(silentLog);
    throw error;
  }
}

/** As npm's scripts and the image start it. */
export const startService = ({ nodeArgs = [], ...program }: Omit<NodeProgram, 'file'>): Promise<Running> =>
  startNode({ ...program, file: 'src/main.ts', nodeArgs: [...heapFlags, ...nodeArgs] }, listening);

/** A worker listens nowhere: its address is empty. */
function listening(line: string): string | null {
  if (!line.includes('"msg":"listening"')) return null;
  return (JSON.parse(line) as { address: string | null }).address ?? '';
}
