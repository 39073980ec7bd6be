/**
 * The sweeper: asks again for everything that should be in flight and is not. Every task is idempotent, so any number
 * of processes may sweep; on a good day it finds nothing. What is due is asked of Redis' clock each time.
 */
import type { Context } from '../shared/context.ts';
import { longestWaitMs } from '../shared/domain/policy.ts';
import { advance } from '../shared/advance.ts';
import { unlessNewer } from '../shared/leave-to-newer.ts';
import { redisClock } from '../shared/redis/redis-clock.ts';
import { askAgain, forget } from './ask-again.ts';

const pageSize = 500;

type Holds = (fileId: string) => boolean;

/**
 * Files whose next run is due and not in its queue: after a crash between save and enqueue, or a lost job. `holds`: what runs
 * in this process, so of 5,000 open turns none is read every few seconds.
 */
export async function sweepDueFiles(ctx: Context, holds: Holds = () => false): Promise<number> {
  const now = await redisClock(ctx.redis);
  await endStalePause(ctx, now);
  const due = await sweepRange(ctx, holds, '-inf', String(now));
  // Written before Redis' clock was set back: nobody plans a wait as long as this.
  const adrift = await sweepRange(ctx, holds, String(now + longestWaitMs(ctx.policy)), '+inf');
  const newer = due.newer + adrift.newer;
  ctx.telemetry.newerRecordsSeen(newer);
  if (newer > 0) ctx.log.warn({ files: newer }, 'records of a newer release are left to its workers');
  return due.asked + adrift.asked;
}

async function sweepRange(
  ctx: Context,
  holds: Holds,
  from: string,
  to: string,
): Promise<{ asked: number; newer: number }> {
  const seen = { asked: 0, newer: 0 };
  for (let offset = 0; ; offset += pageSize) {
    const ids = await ctx.redis.zrangebyscore(ctx.keys.moving(), from, to, 'LIMIT', offset, pageSize);
    for (const fileId of ids.filter((id) => !holds(id))) {
      const asked = await unlessNewer(askAgain(ctx, fileId));
      if (asked === 'newer') seen.newer += 1;
      else if (asked) seen.asked += 1;
    }
    if (ids.length < pageSize) return seen;
  }
}

/** A pause that was set before Redis' clock went back would last as much longer. */
async function endStalePause(ctx: Context, now: number): Promise<void> {
  const until = Number((await ctx.redis.hget(ctx.keys.account(ctx.accountId), 'until')) ?? 0);
  if (until <= now + longestWaitMs(ctx.policy)) return;
  await ctx.redis.hset(ctx.keys.account(ctx.accountId), 'until', now);
  await ctx.redis.publish(ctx.keys.accountChannel(), ctx.accountId);
}

/** Members of the in-flight set that are not listed as due have lost their record's save: put right. */
export async function sweepInFlight(ctx: Context): Promise<number> {
  const members = await ctx.redis.smembers(ctx.keys.inFlight(ctx.accountId));
  // Asked after the members: who is claimed in between is in both. No more of them than the window has room for.
  const moving = new Set(members.length === 0 ? [] : await ctx.redis.zrange(ctx.keys.moving(), '0', '-1'));
  let repaired = 0;
  for (const fileId of members) {
    if (moving.has(fileId)) continue;
    const moved = await unlessNewer(advance(ctx, fileId, null, { repair: true }));
    if (moved === 'newer') continue;
    if (moved.kind === 'missing') await forget(ctx, fileId);
    repaired += 1;
  }
  return repaired;
}
