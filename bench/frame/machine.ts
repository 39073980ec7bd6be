/** What the figures were taken on. */
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { versions } from 'node:process';
import { Redis } from 'ioredis';
import { openTestRedis } from '../../test/redis-server.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly redis: string;
  readonly bullmq: string;
  readonly undici: string;
  /** Of the last minute, before the start: a machine that others use gives other figures. */
  readonly load: number;
}

export async function readMachine(): Promise<Machine> {
  const [first] = cpus();
  return {
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: versions.node,
    redis: await redisVersion(),
    bullmq: await packageVersion('bullmq'),
    undici: await packageVersion('undici'),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

export function describe(machine: Machine): string {
  const { cpu, cores, memoryGb, kernel, node, redis, bullmq, undici, load } = machine;
  return `${cores} × ${cpu}, ${memoryGb} GB, Linux ${kernel}, Node ${node}, Redis ${redis}, BullMQ ${bullmq}, undici ${undici}, load ${load} at the start`;
}

async function packageVersion(name: string): Promise<string> {
  const path = join(import.meta.dirname, '..', '..', 'node_modules', name, 'package.json');
  return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version;
}

async function redisVersion(): Promise<string> {
  const server = await openTestRedis();
  const redis = new Redis(server.socketPath);
  const info = await redis.info('server');
  redis.disconnect();
  await server.close();
  return /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown';
}
