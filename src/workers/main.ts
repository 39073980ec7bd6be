/**
 * The workers of a process: one BullMQ worker a queue, admission, the sweeper, and how all of it goes down without
 * losing or repeating anything. Opened by src/main.ts; it reads no environment.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, type Job } from 'bullmq';
import type { OpenedContext } from '../shared/open-context.ts';
import { queueNames, type NotifyJob, type QueueName, type StepJob } from '../shared/queues.ts';
import { createDispatcher } from './dispatch.ts';
import { createRegistry } from './registry.ts';
import { runNotifyJob } from './run-notify-job.ts';
import { runStepJob, type StepHost } from './run-step.ts';
import { startRounds } from './rounds.ts';

/** Work that is waiting while nothing is taken for this long means that a worker has died in place (bullmq#4585). */
const deafMs = 30_000;
/** Everything around the drain together stays below two seconds: rounds, pausing, handing over what is left. */
const handOverMs = 600;

export interface Workers {
  readonly id: string;
  /** Runs in this process right now. */
  readonly running: () => number;
  /** Are steps being consumed? False while work waits and nothing was taken for long. */
  readonly health: () => { readonly ok: boolean; readonly detail: string };
  /** Stops taking work, gives streams DRAIN_MS, hands over the rest. */
  readonly close: () => Promise<void>;
}

export async function openWorkers(ctx: OpenedContext): Promise<Workers> {
  const id = `wrk_${randomUUID()}`;
  const registry = createRegistry();
  const state = { closing: false, deaf: false, lastTakenAt: performance.now() };
  const stop = new AbortController();
  const host: StepHost = { ctx, registry, workerId: id, isClosing: () => state.closing };

  const open = (name: QueueName): Worker => {
    const worker = new Worker(
      name,
      processor(host, name, stop.signal, () => (state.lastTakenAt = performance.now())),
      {
        connection: ctx.redis,
        prefix: ctx.keys.tag,
        concurrency: concurrencyOf(ctx, name),
        lockDuration: ctx.config.lockMs,
        stalledInterval: ctx.config.stallCheckMs,
        // Crashes are counted in our own record; BullMQ must never fail a job for them.
        maxStalledCount: 1_000_000,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        skipVersionCheck: true,
      },
    );
    worker.on('error', (error) => ctx.log.warn({ err: error, queue: name }, 'queue trouble'));
    worker.on('lockRenewalFailed', (jobIds) => registry.loseLeases(jobIds));
    return worker;
  };
  const workers = new Map(queueNames.map((name) => [name, open(name)]));

  const dispatcher = createDispatcher(ctx);
  const rounds = startRounds(ctx, { workerId: id, wake: dispatcher.wake, running: registry.size, revive });
  await listen(ctx, { wake: dispatcher.wake, order: rounds.order, cancelBatch: registry.cancelBatch });
  dispatcher.wake();

  /** The known cure for a worker that stopped consuming: a new one in its place. */
  async function revive(): Promise<void> {
    state.deaf = false;
    if (performance.now() - state.lastTakenAt < deafMs || registry.size() > 0 || state.closing) return;
    for (const name of queueNames) {
      if ((await ctx.queues[name].getWaitingCount()) === 0) continue;
      state.deaf = true;
      ctx.log.error({ queue: name }, 'work is waiting and nothing is taken: the worker is rebuilt');
      const dead = workers.get(name);
      workers.set(name, open(name));
      await dead?.close(true);
    }
  }

  return {
    id,
    running: registry.size,
    health: () => ({
      ok: !state.deaf,
      detail: state.deaf ? 'work is waiting and nothing is taken' : `${registry.size()} runs in this process`,
    }),
    close: async () => {
      state.closing = true;
      // Whatever hangs (a slow upstream, Redis away) must not take the time that the streams are promised.
      await within(handOverMs, Promise.all([rounds.stop(), dispatcher.close()]));
      await within(handOverMs, Promise.all([...workers.values()].map((worker) => worker.pause(true))));
      stop.abort(new Error('shutdown'));
      await within(ctx.config.drainMs, registry.drained());
      registry.abortAll('shutdown');
      await within(handOverMs, registry.drained());
      await Promise.all([...workers.values()].map((worker) => worker.close(registry.size() > 0)));
    },
  };
}

const within = (mostMs: number, work: Promise<unknown>): Promise<unknown> =>
  Promise.race([work, delay(mostMs, undefined, { ref: false })]);

/** Three arguments: BullMQ gives an AbortSignal only to a processor that asks for it. */
function processor(host: StepHost, name: QueueName, stop: AbortSignal, taken: () => void) {
  return async (job: Job, token: string | undefined, signal?: AbortSignal): Promise<void> => {
    taken();
    if (name === 'notify') {
      const signals = signal === undefined ? stop : AbortSignal.any([stop, signal]);
      await runNotifyJob(host, job.data as NotifyJob, signals);
      return;
    }
    await runStepJob(host, job as Job<StepJob>, token);
  };
}

/** Long turns and short polls never share a queue; edit takes the whole window, as each of its files is in flight. */
function concurrencyOf(ctx: OpenedContext, name: QueueName): number {
  const { config } = ctx;
  switch (name) {
    case 'upload':
      return config.uploadConcurrency;
    case 'edit':
      return config.maxInFlight;
    case 'render':
      return Math.min(config.maxInFlight, 50);
    case 'deliver':
      return 8;
    case 'notify':
      return 64;
  }
}

async function listen(
  ctx: OpenedContext,
  on: { readonly wake: () => void; readonly order: () => void; readonly cancelBatch: (batchId: string) => void },
): Promise<void> {
  const { subscriber, keys } = ctx;
  subscriber.on('message', (channel: string, message: string) => {
    if (channel === keys.wakeChannel()) on.wake();
    if (channel === keys.wakeChannel() && message === 'batch') on.order();
    if (channel === keys.cancelChannel()) on.cancelBatch(message);
  });
  await subscriber.subscribe(keys.wakeChannel(), keys.cancelChannel());
}
