/** A Redis of a scenario's own on a TCP port, durable as the shipped one, that the scenario may kill, freeze and wipe. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { readEnvironment } from '../../../src/shared/config/read-environment.ts';
import { readSystemPaths } from '../../../src/shared/config/system-paths.ts';
import { createLog } from '../../../src/shared/log.ts';
import { findRedis } from '../../../src/shared/redis/embedded/find-redis.ts';
import { runEnvironment, type RedisBinary } from '../../../src/shared/redis/embedded/redis-binary.ts';
import { until } from '../arena.ts';

export interface RedisProcess {
  readonly port: number;
  readonly kill: () => Promise<void>;
  /** On the same port and data. */
  readonly start: () => Promise<void>;
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Takes its files away, and gives them back; it must not run. */
  readonly hideData: () => Promise<void>;
  readonly restoreData: () => Promise<void>;
  /** One command over a connection of its own. */
  readonly ask: (command: string, ...args: (string | number)[]) => Promise<unknown>;
}

export async function openRedisProcess(folder: string): Promise<RedisProcess> {
  const log = createLog({ level: 'silent' });
  const binary = await findRedis({ ...readSystemPaths(readEnvironment()), log });
  const port = await freePort();
  const data = join(folder, `redis-${port}`);
  let child: ChildProcess | null = null;
  const ask: RedisProcess['ask'] = async (command, ...args) => {
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null, lazyConnect: true });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.call(command, ...args.map(String));
    } finally {
      client.disconnect();
    }
  };
  const start = async (): Promise<void> => {
    await mkdir(data, { recursive: true });
    child = run(binary, port, data);
    await until('Redis answers', async () => (await ask('PING').catch(() => null)) === 'PONG');
  };
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    port,
    start,
    kill,
    ask,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    hideData: () => rename(data, `${data}.kept`),
    restoreData: async () => {
      await rm(data, { recursive: true, force: true });
      await rename(`${data}.kept`, data);
    },
  };
}

function run({ program, libraryPath }: RedisBinary, port: number, data: string): ChildProcess {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: data,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    'repl-diskless-sync-delay': '0',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return spawn(program, args, { cwd: data, env: runEnvironment(libraryPath), stdio: 'ignore' });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
