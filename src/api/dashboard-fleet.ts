/** Reads what surrounds the files: Redis, worker processes, queues, the outbox of webhooks. Shows, decides nothing. */
import { z } from 'zod';
import type { Context } from '../shared/context.ts';
import { queueNames } from '../shared/queues.ts';
import type { Overview, QueueView, RedisView, WorkerView } from './dashboard-wire.ts';

export async function readRedisView(ctx: Context): Promise<RedisView> {
  const askedAt = performance.now();
  await ctx.redis.ping();
  const latencyMs = Math.round((performance.now() - askedAt) * 100) / 100;
  const [text, keys] = await Promise.all([ctx.redis.info(), ctx.redis.dbsize()]);
  const fields = new Map(text.split('\r\n').map((line) => [line.split(':')[0], line.slice(line.indexOf(':') + 1)]));
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  return {
    version: fields.get('valkey_version') ?? fields.get('redis_version') ?? '',
    latencyMs,
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    appendOnly: fields.get('aof_enabled') === '1',
    lastWriteOk: fields.get('aof_last_write_status') !== 'err' && fields.get('rdb_last_bgsave_status') !== 'err',
    policy: fields.get('maxmemory_policy') ?? '',
    keys,
  };
}

const workerSchema = z.object({
  id: z.string(),
  version: z.string(),
  host: z.string().default(''),
  pid: z.number().default(0),
  running: z.number(),
  last_step_at: z.number().nullable().default(null),
  rss_bytes: z.number().default(0),
  at: z.number(),
});

/** The entries live for 30 s: whoever is there is alive. */
export async function readWorkers(ctx: Context): Promise<WorkerView[]> {
  const ids = await ctx.redis.zrange(ctx.keys.workers(), '0', '-1');
  if (ids.length === 0) return [];
  const texts = await ctx.redis.mget(ids.map((id) => ctx.keys.worker(id)));
  return texts.flatMap((text) => {
    const parsed = text === null ? null : workerSchema.safeParse(JSON.parse(text));
    if (parsed?.success !== true) return [];
    const { id, host, pid, version, running, rss_bytes, last_step_at, at } = parsed.data;
    return [{ id, host, pid, version, running, rssBytes: rss_bytes, lastStepAt: last_step_at, seenAt: at }];
  });
}

export function readQueues(ctx: Context): Promise<QueueView[]> {
  return Promise.all(
    queueNames.map(async (name) => {
      const { wait = 0, active = 0, delayed = 0 } = await ctx.queues[name].getJobCounts('wait', 'active', 'delayed');
      return { name, waiting: wait, active, delayed };
    }),
  );
}

/** Steps that BullMQ offers and nobody has taken yet. */
export async function countWaitingJobs(ctx: Context): Promise<number> {
  const counts = await Promise.all(queueNames.map((name) => ctx.queues[name].getWaitingCount()));
  return counts.reduce((sum, count) => sum + count, 0);
}

export async function readOutbox(ctx: Context, now: number): Promise<Overview['webhooks']> {
  const key = ctx.keys.deliveriesDue();
  const [due, overdue, oldest] = await Promise.all([
    ctx.redis.zcard(key),
    ctx.redis.zcount(key, '-inf', now - ctx.config.sweepMs),
    ctx.redis.zrange(key, '0', '0', 'WITHSCORES'),
  ]);
  return { due, overdue, oldestDue: oldest[1] === undefined ? null : Number(oldest[1]) };
}
