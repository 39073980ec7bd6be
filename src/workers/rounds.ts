/**
 * What a worker process does every so often: sweep, look after the account, show that it is alive. Each task runs by
 * itself; one that fails is logged and comes again.
 */
import { hostname } from 'node:os';
import { memoryUsage, pid } from 'node:process';
import type { Context } from '../shared/context.ts';
import { dropExpiredUploads } from '../shared/upload-record.ts';
import { redisClock } from '../shared/redis/redis-clock.ts';
import { version } from '../shared/version.ts';
import { orderBatches } from './order-batch.ts';
import { sweepDueFiles, sweepInFlight } from './sweep.ts';
import { sweepDropped, sweepExpired, sweepMarks } from './sweep-batches.ts';
import { sweepDeliveries } from './sweep-deliveries.ts';
import { watchAccount } from './watch-account.ts';

export interface Rounds {
  /** A batch has come: its order may be asked for. */
  readonly order: () => void;
  readonly stop: () => Promise<void>;
}

interface Round {
  readonly name: string;
  readonly everyMs: number;
  readonly task: () => Promise<unknown>;
}

export function startRounds(
  ctx: Context,
  worker: {
    readonly workerId: string;
    readonly wake: () => void;
    readonly running: () => number;
    readonly holds: (fileId: string) => boolean;
    /** Since a step was taken; null: none yet. */
    readonly lastStepAgoMs: () => number | null;
    readonly revive: () => Promise<void>;
  },
): Rounds {
  const { config } = ctx;
  const rounds: Round[] = [
    { name: 'due files', everyMs: config.sweepMs, task: () => sweepDueFiles(ctx, worker.holds) },
    { name: 'in flight', everyMs: config.sweepMs, task: () => sweepInFlight(ctx) },
    { name: 'bulk actions', everyMs: config.sweepMs, task: () => sweepMarks(ctx) },
    { name: 'deliveries', everyMs: config.sweepMs, task: () => sweepDeliveries(ctx) },
    { name: 'dropped batches', everyMs: config.sweepMs, task: () => sweepDropped(ctx) },
    { name: 'expired batches', everyMs: config.sweepMs, task: () => sweepExpired(ctx) },
    { name: 'uploads', everyMs: config.sweepMs, task: () => sweepUploads(ctx) },
    { name: 'order', everyMs: config.sweepMs, task: () => orderBatches(ctx) },
    { name: 'admission', everyMs: config.sweepMs, task: async () => worker.wake() },
    { name: 'workers', everyMs: Math.min(config.sweepMs, 5000), task: worker.revive },
    { name: 'account', everyMs: config.creditsRecheckMs, task: () => watchAccount(ctx).then(worker.wake) },
    { name: 'heartbeat', everyMs: 5000, task: () => beat(ctx, worker) },
  ];
  const started = new Map(rounds.map((round) => [round.name, startRound(ctx, round)]));
  // Whatever an outage has interrupted is asked for at once, not when its round comes.
  const stopWatching = ctx.watch.onReturn(() => {
    for (const round of started.values()) round.soon();
  });
  const stopListening = followAccount(ctx, { wake: worker.wake, probe: () => started.get('account')?.soon() });
  return {
    order: () => started.get('order')?.again(),
    stop: async () => {
      stopListening();
      stopWatching();
      await Promise.all([...started.values()].map((round) => round.stop()));
    },
  };
}

/** A pause ends without anybody saying so; an outage is probed as soon as it is known; who is open again is served. */
function followAccount(ctx: Context, on: { readonly wake: () => void; readonly probe: () => void }): () => void {
  let wasClosed = false;
  return ctx.account.gate.onChange((view) => {
    const pausedMs = ctx.account.gate.pausedMs();
    if (pausedMs > 0) setTimeout(on.wake, pausedMs + 1).unref();
    if (view.downSince !== null) on.probe();
    const isClosed = view.downSince !== null || view.blocked !== null;
    if (wasClosed && !isClosed) on.wake();
    wasClosed = isClosed;
  });
}

interface Started {
  /** As soon as may be: at once, but no sooner than a moment after the turn before. */
  readonly soon: () => void;
  /** Once more as soon as the present turn, if there is one, has ended. */
  readonly again: () => void;
  readonly stop: () => Promise<void>;
}

/** An outage that comes and goes is not probed more often than this. */
const shortestGapMs = 1000;

/** The next turn of a round is set when this one has ended, so a slow one never runs beside itself. */
function startRound(ctx: Context, { name, everyMs, task }: Round): Started {
  let stopped = false;
  let running: Promise<void> | null = null;
  let wantedMs = everyMs;
  let beganAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  const schedule = (delayMs: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(begin, delayMs);
  };
  const turn = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      ctx.log.warn({ err: error, round: name }, 'round failed; it comes again');
    }
    running = null;
    schedule(wantedMs);
  };
  function begin(): void {
    clearTimeout(timer);
    wantedMs = everyMs;
    beganAt = performance.now();
    running = turn();
  }
  /** Whoever asks while a turn runs is served by the one after it. */
  const comeIn = (delayMs: number): void => {
    if (running === null) schedule(delayMs);
    else wantedMs = Math.min(wantedMs, delayMs);
  };
  schedule(Math.round(everyMs * ctx.random()));
  return {
    soon: () => comeIn(Math.max(0, beganAt + Math.min(everyMs, shortestGapMs) - performance.now())),
    again: () => comeIn(0),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

const sweepUploads = async (ctx: Context): Promise<number> => dropExpiredUploads(ctx, await redisClock(ctx.redis));

async function beat(
  ctx: Context,
  worker: {
    readonly workerId: string;
    readonly running: () => number;
    readonly lastStepAgoMs: () => number | null;
  },
): Promise<void> {
  const { keys, redis } = ctx;
  const now = await redisClock(redis);
  const ago = worker.lastStepAgoMs();
  const shown = JSON.stringify({
    id: worker.workerId,
    version,
    host: hostname(),
    pid,
    running: worker.running(),
    last_step_at: ago === null ? null : now - ago,
    rss_bytes: memoryUsage.rss(),
    at: now,
  });
  await redis.set(keys.worker(worker.workerId), shown, 'EX', 30);
  await redis.zadd(keys.workers(), now, worker.workerId);
  await redis.zremrangebyscore(keys.workers(), '-inf', now - 60_000);
}
