/** Looks at a Redis and says what about it breaks our promises. Only data: whether to stop is the caller's decision. */
import type { Redis } from 'ioredis';

export type RedisProblem = {
  readonly code:
    | 'version_refused'
    | 'version_old'
    | 'eviction_on'
    | 'append_only_off'
    | 'fsync_late'
    | 'fsync_unknown'
    | 'unreadable';
  /** refuse: nothing works on it. warn: works, but a promise is at risk. */
  readonly severity: 'refuse' | 'warn';
  readonly detail: string;
};

export type RedisCheck = {
  readonly product: 'redis' | 'valkey';
  readonly version: string | null;
  readonly problems: readonly RedisProblem[];
};

/** By INFO; CONFIG tells when it writes to disk, but hosted Redis forbids it. */
export async function checkRedis(client: Redis): Promise<RedisCheck> {
  const check = judgeInfo(await client.info());
  const hasFile = check.problems.every(({ code }) => code !== 'append_only_off');
  return hasFile ? { ...check, problems: [...check.problems, ...(await fsyncProblems(client))] } : check;
}

/** A restart of Redis loses nothing then; a power loss does, as what was acknowledged is not on disk yet. */
async function fsyncProblems(client: Redis): Promise<RedisProblem[]> {
  const reply: unknown = await client.config('GET', 'appendfsync').catch(() => null);
  const policy: unknown = Array.isArray(reply) ? reply[1] : undefined;
  if (policy === 'always') return [];
  if (typeof policy !== 'string') {
    const detail = 'appendfsync cannot be read here: unless it is always, a power loss takes the last accepted batches';
    return [{ code: 'fsync_unknown', severity: 'warn', detail }];
  }
  const detail = `appendfsync is ${policy}: a power loss takes the last accepted batches, and may repeat a turn; set always`;
  return [{ code: 'fsync_late', severity: 'warn', detail }];
}

export function judgeInfo(info: string): RedisCheck {
  const fields = new Map(info.split(/\r?\n/).map((line) => splitOnce(line)));
  const valkey = fields.get('valkey_version');
  const version = valkey ?? fields.get('redis_version') ?? null;
  // Valkey states the Redis version it is compatible with; that one counts for what commands there are.
  const problems = [
    ...versionProblems(fields.get('redis_version') ?? version),
    ...dataProblems(fields.get('maxmemory_policy'), fields.get('aof_enabled')),
  ];
  return { product: valkey === undefined ? 'redis' : 'valkey', version, problems };
}

function versionProblems(version: string | null): RedisProblem[] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '')?.map(Number) ?? [];
  if (major === undefined || minor === undefined)
    return [{ code: 'unreadable', severity: 'warn', detail: 'INFO names no version' }];
  if (major < 5) return [{ code: 'version_refused', severity: 'refuse', detail: `Redis ${version} is older than 5` }];
  if (major > 6 || (major === 6 && minor >= 2)) return [];
  return [{ code: 'version_old', severity: 'warn', detail: `Redis ${version} is older than 6.2, which is advised` }];
}

function dataProblems(policy: string | undefined, appendOnly: string | undefined): RedisProblem[] {
  const problems: RedisProblem[] = [];
  if (policy !== undefined && policy !== 'noeviction') {
    const detail = `maxmemory-policy is ${policy}: accepted files may vanish; set noeviction`;
    problems.push({ code: 'eviction_on', severity: 'warn', detail });
  }
  if (appendOnly === '0') {
    const detail = 'appendonly is off: accepted batches are lost when Redis restarts';
    problems.push({ code: 'append_only_off', severity: 'warn', detail });
  }
  return problems;
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}
