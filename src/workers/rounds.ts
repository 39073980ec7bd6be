/**
 * What a worker process does every so often: sweep, look after the account, show that it is alive. Each task runs by
 * itself; one that fails is logged and comes again.
 */
import type { Context } from '../shared/context.ts';
import { workOffMarks } from '../shared/bulk.ts';
import { enqueueDelivery } from '../shared/webhook/enqueue-delivery.ts';
import { dueDeliveries } from '../shared/webhook/due-deliveries.ts';
import { dropExpiredUploads } from '../shared/upload-record.ts';
import { version } from '../shared/version.ts';
import { orderBatches } from './order-batch.ts';
import { sweepDropped, sweepDueFiles, sweepInFlight } from './sweep.ts';
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
    readonly revive: () => Promise<void>;
  },
): Rounds {
  const { config } = ctx;
  const rounds: Round[] = [
    { name: 'due files', everyMs: config.sweepMs, task: () => sweepDueFiles(ctx) },
    { name: 'in flight', everyMs: config.sweepMs, task: () => sweepInFlight(ctx) },
    { name: 'bulk actions', everyMs: config.sweepMs, task: () => sweepMarks(ctx) },
    { name: 'deliveries', everyMs: config.sweepMs, task: () => sweepDeliveries(ctx) },
    { name: 'dropped batches', everyMs: config.sweepMs, task: () => sweepDropped(ctx) },
    { name: 'uploads', everyMs: config.sweepMs, task: () => dropExpiredUploads(ctx, ctx.account.gate.redisNow()) },
    { name: 'order', everyMs: config.sweepMs, task: () => orderBatches(ctx) },
    { name: 'admission', everyMs: config.sweepMs, task: async () => worker.wake() },
    { name: 'workers', everyMs: config.sweepMs, task: worker.revive },
    { name: 'account', everyMs: config.creditsRecheckMs, task: () => watchAccount(ctx).then(worker.wake) },
    { name: 'heartbeat', everyMs: 5000, task: () => beat(ctx, worker) },
  ];
  const started = rounds.map((round) => startRound(ctx, round));
  // A pause of the account ends without anybody saying so; an outage or a block is looked at as soon as it is known.
  const stopListening = ctx.account.gate.onChange((view) => {
    const pausedMs = ctx.account.gate.pausedMs();
    if (pausedMs > 0) setTimeout(worker.wake, pausedMs + 1).unref();
    if (view.downSince !== null) started.find(({ name }) => name === 'account')?.now();
  });
  return {
    order: () => started.find(({ name }) => name === 'order')?.again(),
    stop: async () => {
      stopListening();
      await Promise.all(started.map((round) => round.stop()));
    },
  };
}

interface Started {
  readonly name: string;
  readonly now: () => void;
  /** Once more as soon as the present turn, if there is one, has ended. */
  readonly again: () => void;
  readonly stop: () => Promise<void>;
}

/** The next turn of a round is set when this one has ended, so a slow one never runs beside itself. */
function startRound(ctx: Context, { name, everyMs, task }: Round): Started {
  const state = { stopped: false, running: Promise.resolve(), timer: undefined as NodeJS.Timeout | undefined };
  const turn = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      ctx.log.warn({ err: error, round: name }, 'round failed; it comes again');
    }
    if (!state.stopped) state.timer = setTimeout(begin, everyMs);
  };
  const begin = (): void => {
    clearTimeout(state.timer);
    state.running = turn();
  };
  state.timer = setTimeout(begin, Math.round(everyMs * ctx.random()));
  let lastNow = -Infinity;
  return {
    name,
    now: () => {
      // The probe goes out at once, then at its own pace (design §5).
      if (state.stopped || performance.now() - lastNow < everyMs) return;
      lastNow = performance.now();
      begin();
    },
    again: () => {
      if (!state.stopped) void state.running.then(begin);
    },
    stop: async () => {
      state.stopped = true;
      clearTimeout(state.timer);
      await state.running;
    },
  };
}

/** Bulk actions whose process died before it had worked them off. */
async function sweepMarks(ctx: Context): Promise<void> {
  for (const mark of await ctx.redis.smembers(ctx.keys.marks())) {
    const batchId = mark.split(' ').at(1);
    if (batchId !== undefined) await workOffMarks(ctx, batchId);
  }
}

async function sweepDeliveries(ctx: Context): Promise<void> {
  for (const { id, run } of await dueDeliveries(ctx, ctx.config.sweepMs)) {
    await enqueueDelivery(ctx, { id, run, delayMs: 0 });
  }
}

async function beat(
  ctx: Context,
  worker: { readonly workerId: string; readonly running: () => number },
): Promise<void> {
  const { keys, redis } = ctx;
  const shown = JSON.stringify({ id: worker.workerId, version, running: worker.running(), at: Date.now() });
  await redis.set(keys.worker(worker.workerId), shown, 'EX', 30);
  await redis.zadd(keys.workers(), Date.now(), worker.workerId);
  await redis.zremrangebyscore(keys.workers(), '-inf', Date.now() - 60_000);
}
