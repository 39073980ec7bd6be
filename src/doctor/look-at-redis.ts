/** Looks at the Redis of REDIS_URL, or for a server to embed. Reads alone: it writes nothing there. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { Config, Environment } from '../shared/config/config.ts';
import { readSystemPaths } from '../shared/config/system-paths.ts';
import type { Log } from '../shared/log.ts';
import { markerFile } from '../shared/upload-dir.ts';
import { checkRedis, type RedisProblem } from '../shared/redis/check-redis.ts';
import { openRedis, whenReady } from '../shared/redis/connect.ts';
import { findInCache, findOnPath } from '../shared/redis/embedded/redis-binary.ts';
import { createKeys } from '../shared/redis/keys.ts';
import { redisClock } from '../shared/redis/redis-clock.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

const answerTimeoutMs = 3_000;
/** Beyond it the next large batch is refused. */
const fullShare = 0.9;

export interface RedisLook {
  readonly findings: readonly Finding[];
  /** How far its clock is ahead of ours; null: it could not be asked. */
  readonly clockMs: number | null;
}

export interface RedisNeeds {
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Log;
  readonly now: () => number;
}

export async function lookAtRedis(needs: RedisNeeds): Promise<RedisLook> {
  const { redisUrl } = needs.config;
  if (redisUrl === null) return { findings: [await lookForServer(needs.environment)], clockMs: null };
  const client = openRedis({ url: redisUrl, role: 'api', log: needs.log });
  // The service would try again for ever; who looks once wants to hear of the first refusal.
  const refused = Promise.withResolvers<never>();
  client.on('error', refused.reject);
  try {
    await Promise.race([whenReady(client, answerTimeoutMs), refused.promise]);
    return { findings: await ask(client, needs.config), clockMs: await offsetOf(client, needs.now) };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    const advice = 'check REDIS_URL, its user and password, and that the server runs';
    return { findings: [fail('redis', `does not answer: ${why}`, advice)], clockMs: null };
  } finally {
    client.disconnect();
  }
}

async function lookForServer(environment: Environment): Promise<Finding> {
  const { searchPath, cacheDir } = readSystemPaths(environment);
  const found = (await findOnPath(searchPath)) ?? (await findInCache(cacheDir));
  if (found !== null) return ok('redis', `REDIS_URL is not set: ${found.version} is started here (${found.source})`);
  const detail = 'REDIS_URL is not set, and no redis-server is on PATH: the start fetches one';
  return warn('redis', detail, 'install redis-server, or set REDIS_URL');
}

async function ask(client: Redis, config: Config): Promise<Finding[]> {
  const { product, version, problems } = await checkRedis(client);
  const findings = problems.map(toFinding);
  if (problems.length === 0) findings.push(ok('redis', `${product} ${version ?? ''}, writes to disk, evicts nothing`));
  return [...findings, ...(await lookAtRoom(client)), ...(await lookAtMarker(client, config))];
}

/** The start only warns of what loses data later; who asks the doctor wants to know before. */
const failing: ReadonlySet<RedisProblem['code']> = new Set(['version_refused', 'eviction_on', 'append_only_off']);

const advices: Readonly<Record<RedisProblem['code'], string>> = {
  version_refused: 'install Redis 7 or Valkey 8',
  version_old: 'install Redis 7 or Valkey 8',
  eviction_on: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
  append_only_off: 'CONFIG SET appendonly yes, and the same in redis.conf',
  fsync_late: 'CONFIG SET appendfsync always, and the same in redis.conf',
  fsync_unknown: 'ask whoever runs it for appendfsync always',
  unreadable: 'check that this is Redis or Valkey',
};

const toFinding = ({ code, detail }: RedisProblem): Finding =>
  (failing.has(code) ? fail : warn)('redis', detail, advices[code]);

async function lookAtRoom(client: Redis): Promise<Finding[]> {
  const info = await client.info('memory');
  const [used = 0, most = 0] = ['used_memory', 'maxmemory'].map((name) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
  );
  if (most === 0 || used < most * fullShare) return [];
  const detail = `uses ${Math.round((100 * used) / most)} % of maxmemory: new batches are refused when it is full`;
  return [warn('redis', detail, 'raise maxmemory, or lower RETENTION_DAYS')];
}

/** The API leaves the same text in UPLOAD_DIR and in Redis (upload-dir.ts). */
async function lookAtMarker(client: Redis, { redisPrefix, uploadDir }: Config): Promise<Finding[]> {
  const marker = await client.get(createKeys(redisPrefix).uploadMarker());
  if (marker === null) return [];
  const found = await readFile(join(uploadDir, markerFile), 'utf8').catch(() => null); // none there: another folder
  if (found === marker) return [];
  const detail = 'UPLOAD_DIR is not the folder that the API of this Redis uses';
  return [fail('uploads', detail, 'mount the same volume at UPLOAD_DIR for API and workers')];
}

/** Half of the way there and back is taken off. */
async function offsetOf(client: Redis, now: () => number): Promise<number> {
  const before = now();
  const there = await redisClock(client);
  return there - (before + now()) / 2;
}
