/**
 * Waits that do not fit each other. What the start refuses is refused by config.ts; these are taken by the start, and
 * cost time or money later. Pure.
 */
import type { Config } from '../shared/config/config.ts';
import { ok, warn, type Finding } from './finding.ts';

/** The upstream's own words: a render takes 30 to 90 s. */
const longestRenderMs = 90_000;
/** What docker-compose.yml and the pages of docs/ give a process before it is killed, less DRAIN_MS' own slack. */
const supervisorMs = 30_000;
const drainSlackMs = 5_000;
/** A turn may only be sent within half of LOCK_MS, and a fence waits up to half a second for a replica. */
const shortestLockMs = 2_000;
const dayMs = 86_400_000;

interface Rule {
  readonly isBroken: (config: Config) => boolean;
  readonly detail: string;
  readonly advice: string;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const rules: readonly Rule[] = [
  {
    isBroken: ({ lockMs }) => lockMs < shortestLockMs,
    detail: 'LOCK_MS is below 2000: a slow Redis or a busy process loses its steps',
    advice: 'set LOCK_MS to 30000',
  },
  {
    isBroken: ({ lockMs, editIdleMs }) => lockMs > editIdleMs,
    detail: 'LOCK_MS is above EDIT_IDLE_MS: the turn of a dead worker is missed later than one that says nothing',
    advice: 'set LOCK_MS below EDIT_IDLE_MS',
  },
  {
    isBroken: ({ editSettleMs, editRecheckMs }) => editSettleMs > editRecheckMs,
    detail: 'EDIT_SETTLE_MS is above EDIT_RECHECK_MS: turns that ended well are waited for longer than those in doubt',
    advice: 'set EDIT_SETTLE_MS to 2000, or EDIT_RECHECK_MS above it',
  },
  {
    isBroken: ({ editRecheckFirstMs, editTimeoutMs }) => editRecheckFirstMs > editTimeoutMs,
    detail: 'EDIT_RECHECK_FIRST_MS is above EDIT_TIMEOUT_MS: a turn in doubt is looked at after its time is over',
    advice: 'set EDIT_RECHECK_FIRST_MS to 30000',
  },
  {
    isBroken: ({ renderPollMs, renderMaxPolls }) => renderPollMs * renderMaxPolls < longestRenderMs,
    detail: 'RENDER_POLL_MS × RENDER_MAX_POLLS is below 90 s: renders of usual length end as render_timeout',
    advice: 'raise RENDER_MAX_POLLS or RENDER_POLL_MS',
  },
  {
    isBroken: ({ rateLimitWaitMs, upstreamGiveUpMs }) => rateLimitWaitMs > upstreamGiveUpMs,
    detail: 'RATE_LIMIT_WAIT_MS is above UPSTREAM_GIVE_UP_MS: files are given up before the first pause is over',
    advice: 'set UPSTREAM_GIVE_UP_MS to 1800000',
  },
  {
    isBroken: ({ drainMs }) => drainMs + drainSlackMs > supervisorMs,
    detail: 'DRAIN_MS + 5 s is above the 30 s that docker-compose.yml gives a process to stop',
    advice: 'let the supervisor wait DRAIN_MS + 5 s (stop_grace_period, terminationGracePeriodSeconds)',
  },
  {
    isBroken: ({ webhookRetryMs, retentionDays }) => sum(webhookRetryMs) > retentionDays * dayMs,
    detail: 'WEBHOOK_RETRY_MS is longer than RETENTION_DAYS: a batch is gone before its last attempts',
    advice: 'raise RETENTION_DAYS, or take delays off WEBHOOK_RETRY_MS',
  },
];

export function judgeWaits(config: Config): Finding[] {
  const broken = rules.filter(({ isBroken }) => isBroken(config));
  if (broken.length === 0) return [ok('waits', 'the time-outs fit each other')];
  return broken.map(({ detail, advice }) => warn('waits', detail, advice));
}
