/** Whether the clocks of this machine, of Redis and of the upstream agree. Pure. */
import { fail, ok, warn, type Finding } from './finding.ts';

/** The upstream's Date has whole seconds, and an answer is on its way for a while. */
const unseenMs = 5_000;
/** Receivers of webhooks refuse what is 5 minutes off (Standard Webhooks), and we sign with Redis' time. */
const refusedMs = 300_000;

/** How far each is ahead of this machine's clock; null: could not be asked. */
export interface Clocks {
  readonly redisMs: number | null;
  readonly upstreamMs: number | null;
}

const setClocks = 'run NTP (chrony, systemd-timesyncd) on both machines';

export function judgeClocks({ redisMs, upstreamMs }: Clocks): Finding[] {
  const findings: Finding[] = [];
  if (redisMs !== null && Math.abs(redisMs) > unseenMs) {
    findings.push(judge(redisMs, `Redis' clock is ${words(redisMs)} of this machine's`));
  }
  if (upstreamMs !== null && Math.abs(upstreamMs) > unseenMs) {
    findings.push(judge(upstreamMs, `the upstream's clock (its Date) is ${words(upstreamMs)} of this machine's`));
  }
  if (findings.length > 0) return findings;
  const asked = [redisMs === null ? null : 'Redis', upstreamMs === null ? null : 'the upstream'].filter(
    (name) => name !== null,
  );
  return asked.length === 0
    ? [warn('clock', 'nobody answered whom it could be compared with', 'mend what is told above, then look again')]
    : [ok('clock', `agrees with ${asked.join(' and ')} within 5 s`)];
}

const judge = (offMs: number, detail: string): Finding =>
  Math.abs(offMs) > refusedMs
    ? fail('clock', `${detail}: receivers refuse webhooks that are 5 minutes off`, setClocks)
    : warn('clock', `${detail}: times in logs and the end of keys are as much off`, setClocks);

const words = (offMs: number): string => `${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'ahead' : 'behind'}`;
