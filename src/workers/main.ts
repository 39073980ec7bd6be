/**
 * The workers of a process: one BullMQ worker a queue, admission, the sweeper, and how all of it goes down without
 * losing or repeating anything. Opened by src/main.ts; it reads no environment.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, type Job } from 'bullmq';
import type { OpenedContext } from '../shared/open-context.ts';
import { mostOpenRequests } from '../shared/webhook/open-requests.ts';
import type { NotifyJob, QueueName, StepJob } from '../shared/queues.ts';
import { openQueueWorkers, type Pulse } from './queue-workers.ts';
import { createDispatcher } from './dispatch.ts';
import { createRegistry } from './registry.ts';
import { runDeliveryJob, runStepJob, type StepHost } from './run-step.ts';
import { startRounds } from './rounds.ts';

/** A worker whose connection broke asks again after this; BullMQ's own 15 s are longer than most outages. */
const afterOutageMs = 1000;
/** What is aborted gets this long to say so: with the rest of a close it stays below two seconds beyond DRAIN_MS. */
const handOverMs = 600;
/** Whatever hangs (a slow upstream, Redis away) must not take the time that the streams are promised. */
const pauseMs = 400;
/** BullMQ's own close, once nothing runs any more; it waits for ever where Redis is away. */
const closeMs = 400;

export interface Workers {
  readonly id: string;
  /** Runs in this process right now. */
  readonly running: () => number;
  /** Are steps being consumed? False while work waits and nothing was taken for long. */
  readonly health: () => { readonly ok: boolean; readonly detail: string };
  /** Stops taking work at once, gives streams DRAIN_MS, hands over the rest. */
  readonly drain: () => Promise<void>;
  readonly isClosing: () => boolean;
  /** Drains, where that was not done. */
  readonly close: () => Promise<void>;
}

export async function openWorkers(ctx: OpenedContext): Promise<Workers> {
  const id = `wrk_${randomUUID()}`;
  const registry = createRegistry();
  const state: { closing: boolean; takenAt: number | null } = { closing: false, takenAt: null };
  const host: StepHost = { ctx, registry, workerId: id, isClosing: () => state.closing };

  const open = (name: QueueName, { taken, ended }: Pulse): Worker => {
    const pulse: Pulse = {
      taken: () => {
        state.takenAt = performance.now();
        taken();
      },
      ended,
    };
    const worker = new Worker(name, processor(host, name, pulse), {
      connection: ctx.redis,
      prefix: ctx.keys.tag,
      concurrency: concurrencyOf(ctx, name),
      lockDuration: ctx.config.lockMs,
      stalledInterval: ctx.config.stallCheckMs,
      // Crashes are counted in our own record; BullMQ must never fail a job for them.
      maxStalledCount: 1_000_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      // No skipVersionCheck: BullMQ then takes Redis for one of the oldest, which waits in whole seconds alone, so that a
      // delayed run starts up to a second late.
      runRetryDelay: afterOutageMs,
    });
    worker.on('error', (error) => ctx.log.warn({ err: error, queue: name }, 'queue trouble'));
    worker.on('lockRenewalFailed', (jobIds) => registry.loseLeases(jobIds));
    return worker;
  };
  const workers = openQueueWorkers(ctx, {
    open,
    concurrency: (name) => concurrencyOf(ctx, name),
    isClosing: () => state.closing,
  });

  const dispatcher = createDispatcher(ctx);
  const rounds = startRounds(ctx, {
    workerId: id,
    wake: dispatcher.wake,
    running: registry.size,
    holds: registry.holds,
    lastStepAgoMs: () => (state.takenAt === null ? null : Math.round(performance.now() - state.takenAt)),
    revive: workers.revive,
  });
  await listen(ctx, { wake: dispatcher.wake, order: rounds.order, cancelBatch: registry.cancelBatch });
  dispatcher.wake();

  let drained: Promise<void> | null = null;
  async function drain(): Promise<void> {
    state.closing = true;
    const until = performance.now() + ctx.config.drainMs;
    await within(pauseMs, Promise.all([rounds.stop(), dispatcher.close(), workers.pauseAll()]));
    await within(until - performance.now(), registry.drained());
    registry.abortAll('shutdown');
    await within(handOverMs, registry.drained());
  }

  return {
    id,
    running: registry.size,
    health: () => {
      const deaf = workers.deaf();
      const detail = deaf.length > 0 ? `work waits in ${deaf.join(', ')}, and nothing is taken` : null;
      return { ok: detail === null, detail: detail ?? `${registry.size()} runs in this process` };
    },
    isClosing: () => state.closing,
    drain: () => (drained ??= drain()),
    close: async () => {
      await (drained ??= drain());
      await within(closeMs, workers.closeAll(registry.size() > 0));
    },
  };
}

const within = (mostMs: number, work: Promise<unknown>): Promise<unknown> =>
  Promise.race([work, delay(Math.max(0, mostMs), undefined, { ref: false })]);

/** Three arguments: BullMQ gives an AbortSignal only to a processor that asks for it. */
function processor(host: StepHost, name: QueueName, pulse: Pulse) {
  return async (job: Job, token: string | undefined, signal?: AbortSignal): Promise<void> => {
    pulse.taken();
    try {
      if (name === 'notify') await runDeliveryJob(host, job as Job<NotifyJob>, token, signal);
      else await runStepJob(host, job as Job<StepJob>, token);
    } finally {
      pulse.ended();
    }
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
      return mostOpenRequests;
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
