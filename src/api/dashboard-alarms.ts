/** What needs a person, out of what was read. Pure: the page says it in words. Most urgent first. */
import type { AccountState, Alarm, AlarmCode, Overview } from './dashboard-wire.ts';
import type { OpenBatch } from './dashboard-open-batches.ts';
import { sumOf, type Figures } from '../shared/minute-figures.ts';

export interface Seen {
  readonly now: number;
  readonly account: AccountState;
  readonly batches: readonly OpenBatch[];
  readonly minutes: readonly Figures[];
  readonly workers: Overview['workers'];
  readonly redis: Overview['redis'];
  readonly webhooks: Overview['webhooks'];
  /** Steps that are offered and not taken. */
  readonly waitingJobs: number;
}

/** A step is taken within moments; an idle minute with work on offer means that nobody consumes. */
const notTakenMs = 60_000;
const longPauseMs = 3_600_000;
/** Fewer failures than this are told by their batch. */
const fewFailures = 5;
const manyFailuresShare = 0.2;
const fullShare = 0.85;

export function alarmsOf(seen: Seen): Alarm[] {
  const found = [...ofWorkers(seen), ...ofAccount(seen), ...ofBatches(seen), ...ofOutcomes(seen), ...ofRedis(seen)];
  const rank = { critical: 0, warning: 1 };
  return found.toSorted((one, other) => rank[one.level] - rank[other.level]);
}

const alarm = (code: AlarmCode, level: Alarm['level'], facts: Partial<Alarm> = {}): Alarm => ({
  code,
  level,
  since: null,
  count: null,
  other: null,
  batchId: null,
  url: null,
  ...facts,
});

function* ofWorkers({ now, batches, workers, waitingJobs }: Seen): Generator<Alarm> {
  const unfinished = batches.length;
  if (workers.length === 0) {
    if (unfinished > 0) yield alarm('no_worker', 'critical', { count: unfinished });
    return;
  }
  const lastStepAt = Math.max(...workers.map((worker) => worker.lastStepAt ?? 0));
  // Long uploads may keep every worker busy for longer; then nothing is wrong.
  const isIdle = workers.every(({ running }) => running === 0);
  if (waitingJobs > 0 && isIdle && now - lastStepAt > notTakenMs) {
    yield alarm('work_not_taken', 'critical', { count: waitingJobs, since: lastStepAt === 0 ? null : lastStepAt });
  }
  const versions = new Set(workers.map(({ version }) => version)).size;
  if (versions > 1) yield alarm('mixed_versions', 'warning', { count: versions });
}

function* ofAccount({ now, account, batches, minutes }: Seen): Generator<Alarm> {
  const parked = batches.reduce((sum, { counts }) => sum + counts.parked, 0);
  if (account.blocked === 'out_of_credits' || account.blocked === 'token_invalid') {
    const facts = { count: parked, since: account.blockedAt, url: account.helpUrl };
    yield alarm(account.blocked, 'critical', facts);
  }
  if (account.downSince !== null) yield alarm('upstream_down', 'critical', { since: account.downSince });
  if (account.until > now) {
    yield alarm('rate_limited', 'warning', { since: account.until, count: sumOf(minutes).limited });
  }
  const toCome = batches.reduce((sum, batch) => sum + Math.max(0, batch.estimated - 50 * batch.paidSessions), 0);
  if (account.blocked === null && account.available !== null && toCome > account.available) {
    yield alarm('credits_short', 'warning', { count: toCome, other: account.available, url: account.helpUrl });
  }
}

function* ofBatches({ now, batches }: Seen): Generator<Alarm> {
  const limited = batches.filter(({ blocked }) => blocked === 'max_credits');
  if (limited.length > 0) {
    yield alarm('max_credits', 'warning', { count: limited.length, batchId: limited[0]?.id ?? null });
  }
  const paused = batches.filter((batch) => batch.paused && now - batch.createdAt > longPauseMs);
  if (paused.length > 0) {
    yield alarm('paused_long', 'warning', { count: paused.length, batchId: paused[0]?.id ?? null });
  }
}

function* ofOutcomes({ minutes, webhooks }: Seen): Generator<Alarm> {
  const hour = sumOf(minutes);
  const share = hour.failed / Math.max(1, hour.failed + hour.done);
  if (hour.failed >= fewFailures && share >= manyFailuresShare) {
    yield alarm('many_failures', 'warning', { count: hour.failed, other: hour.failed + hour.done });
  }
  if (hour.hook_failures > 0 || webhooks.overdue > 0) {
    yield alarm('webhooks_failing', 'warning', {
      count: hour.hook_failures,
      other: webhooks.overdue,
      since: webhooks.overdue > 0 ? webhooks.oldestDue : null,
    });
  }
}

function* ofRedis({ redis }: Seen): Generator<Alarm> {
  if (redis.maxBytes > 0 && redis.usedBytes > redis.maxBytes * fullShare) {
    yield alarm('redis_memory', 'critical', { count: redis.usedBytes, other: redis.maxBytes });
  }
  if (!redis.appendOnly || !redis.lastWriteOk || redis.policy !== 'noeviction') {
    yield alarm('redis_not_durable', redis.lastWriteOk ? 'warning' : 'critical');
  }
}
