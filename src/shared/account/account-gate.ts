/**
 * What a process knows of its account between two loads: paused until when, blocked, down. Every change is published,
 * so a pause holds in every process at once; each load of a file refreshes it for free. Asking it costs nothing.
 */
import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Keys } from '../redis/keys.ts';

export interface AccountView {
  /** Ms of Redis' clock; 0: no pause. */
  readonly until: number;
  readonly blocked: string | null;
  readonly helpUrl: string | null;
  readonly okAt: number;
  readonly downSince: number | null;
  readonly window: number | null;
}

export interface AccountGate {
  readonly view: () => AccountView;
  /** Redis' clock, estimated from the last reply and this process's monotonic clock: no wall clock that may jump. */
  readonly redisNow: () => number;
  readonly refresh: () => Promise<AccountView>;
  /** What a load of a file has read of the account, as of Redis' clock then. */
  readonly see: (seen: Pick<AccountView, 'until' | 'blocked' | 'okAt' | 'downSince'>, redisMs: number) => void;
  /** Ms until the account's pause is over; 0 when calls may go. */
  readonly pausedMs: () => number;
  /** Called after each change; returns how to stop. */
  readonly onChange: (listener: (view: AccountView) => void) => () => void;
}

const numeric = z
  .string()
  .nullable()
  .transform((text) => (text === null || text === '' ? null : Number(text)));
const viewSchema = z.tuple([numeric, z.string().nullable(), z.string().nullable(), numeric, numeric, numeric]);

export async function openAccountGate(options: {
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly keys: Keys;
  readonly accountId: string;
  readonly log: Logger;
}): Promise<AccountGate> {
  const { redis, subscriber, keys, accountId, log } = options;
  let seen: AccountView = { until: 0, blocked: null, helpUrl: null, okAt: 0, downSince: null, window: null };
  let clock = { redisMs: Date.now(), at: performance.now() };
  const listeners = new Set<(view: AccountView) => void>();

  const take = (view: AccountView, redisMs: number): AccountView => {
    clock = { redisMs, at: performance.now() };
    const { until, blocked, downSince } = seen;
    seen = view;
    if (until === view.until && blocked === view.blocked && downSince === view.downSince) return view;
    for (const listener of listeners) listener(view);
    return view;
  };
  const refresh = async (): Promise<AccountView> => {
    const [fields, time] = await Promise.all([
      redis.hmget(keys.account(accountId), 'until', 'blocked', 'help_url', 'ok_at', 'down_since', 'window'),
      redis.time(),
    ]);
    const [until, blocked, helpUrl, okAt, downSince, window] = viewSchema.parse(fields);
    return take(
      { until: until ?? 0, blocked, helpUrl, okAt: okAt ?? 0, downSince, window },
      Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000),
    );
  };
  const redisNow = (): number => clock.redisMs + Math.round(performance.now() - clock.at);

  subscriber.on('message', (channel: string, message: string) => {
    if (channel !== keys.accountChannel() || message !== accountId) return;
    refresh().catch((error: unknown) => log.warn({ err: error }, 'account state not refreshed; the next load does'));
  });
  await subscriber.subscribe(keys.accountChannel());
  // What was published while the connection was away.
  subscriber.on('ready', () => {
    refresh().catch((error: unknown) => log.warn({ err: error }, 'account state not refreshed; the next load does'));
  });
  await refresh();
  return {
    view: () => seen,
    redisNow,
    refresh,
    see: (part, redisMs) => void take({ ...seen, ...part }, redisMs),
    pausedMs: () => Math.max(0, seen.until - redisNow()),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
