/** The whole state in one answer, for a tenant or for all: what is read is shared by everybody who watches. */
import { parseFileId } from '../shared/ids.ts';
import { sumOf } from '../shared/minute-figures.ts';
import { isFinal } from '../shared/domain/batch.ts';
import { sessionCredits } from '../shared/domain/policy.ts';
import { readFile } from '../shared/read-file.ts';
import { readBatch } from '../shared/read-batch.ts';
import type { ApiContext } from './api-context.ts';
import { alarmsOf } from './dashboard-alarms.ts';
import { createBalanceReader, readAccountState } from './dashboard-account.ts';
import { countWaitingJobs, readOutbox, readRedisView, readWorkers } from './dashboard-fleet.ts';
import { createHistory } from './dashboard-history.ts';
import { readOpenBatches, sumCounts, waitingByTenant } from './dashboard-open-batches.ts';
import { createRecent } from './dashboard-recent.ts';
import type { Overview, SlowFile } from './dashboard-wire.ts';
import { aroundFiles, toFile } from './show-files.ts';

/** What is older than this is read again. */
const freshMs = 1000;
const shownSlow = 8;
/** A tenant's own slow files are looked for among so many. */
const lookedAtSlow = 200;

export type ReadOverview = (tenant: string | null) => Promise<Overview>;

export function createOverview(ctx: ApiContext): ReadOverview {
  const history = createHistory(ctx);
  const balance = createBalanceReader(ctx);
  const recentAll = createRecent<Awaited<ReturnType<typeof readAll>>>(freshMs);
  const recent = createRecent<Overview>(freshMs);
  const read = async (tenant: string | null): Promise<Overview> => {
    const now = ctx.account.gate.redisNow();
    const [all, { minutes, hours }, everybody] = await Promise.all([
      recentAll('', () => readAll(ctx, now)),
      history(tenant, now),
      history(null, now),
    ]);
    const batches = tenant === null ? all.batches : all.batches.filter((batch) => batch.tenant === tenant);
    const paidLastHour = sumOf(everybody.minutes).paid;
    const account = await readAccountState(ctx, balance(), paidLastHour * sessionCredits);
    const seen = { ...all, now, account, batches, minutes };
    return {
      now,
      tenant,
      tenants: tenant === null ? [...new Set(ctx.config.apiKeys.map(({ name }) => name))] : [],
      alarms: alarmsOf(seen),
      minutes,
      hours,
      counts: sumCounts(batches),
      openBatches: batches.length,
      waiting: waitingByTenant(batches),
      slow: await readSlow(ctx, tenant, now),
      account,
      webhooks: all.webhooks,
      workers: all.workers,
      redis: all.redis,
    };
  };
  return (tenant) => recent(tenant ?? '*', () => read(tenant));
}

async function readAll(ctx: ApiContext, now: number) {
  const [batches, redis, workers, waitingJobs, webhooks] = await Promise.all([
    readOpenBatches(ctx),
    readRedisView(ctx),
    readWorkers(ctx),
    countWaitingJobs(ctx),
    readOutbox(ctx, now),
  ]);
  return { batches, redis, workers, waitingJobs, webhooks };
}

/** Files whose present run began, or was due, the longest ago. */
async function readSlow(ctx: ApiContext, tenant: string | null, now: number): Promise<SlowFile[]> {
  const most = tenant === null ? shownSlow : lookedAtSlow;
  const flat = await ctx.redis.zrangebyscore(ctx.keys.moving(), '-inf', now, 'WITHSCORES', 'LIMIT', 0, most);
  const slow: SlowFile[] = [];
  for (let at = 0; at < flat.length && slow.length < shownSlow; at += 2) {
    const file = await toSlow(ctx, { id: flat[at] ?? '', since: Number(flat[at + 1]), tenant });
    if (file !== null) slow.push(file);
  }
  return slow;
}

async function toSlow(
  ctx: ApiContext,
  { id, since, tenant }: { id: string; since: number; tenant: string | null },
): Promise<SlowFile | null> {
  const batch = await readBatch(ctx, parseFileId(id)?.batchId ?? '');
  if (batch === null || (tenant !== null && batch.tenant !== tenant)) return null;
  const view = await readFile(ctx, id);
  // It may have ended since the list was read.
  if (view === null || isFinal(view.file.state.status)) return null;
  const { name, status, waiting_for } = toFile(view, await aroundFiles(ctx, batch));
  return { id, batchId: batch.id, name, status, since, waits: waiting_for?.reason ?? null };
}
