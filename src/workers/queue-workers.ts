/**
 * One worker a queue, and the watchdog over them: after an outage of Redis a worker may stay dead in its place while
 * everything else works (bullmq#4585). Work that waits, a slot that is free and nothing taken for long say so; the known
 * cure is a new worker. How one is made is the caller's business.
 */
import { performance } from 'node:perf_hooks';
import type { OpenedContext } from '../shared/open-context.ts';
import { queueNames, type QueueName } from '../shared/queues.ts';

/** What a worker is to the watchdog. */
export interface QueueWorker {
  readonly pause: (doNotWaitActive?: boolean) => Promise<void>;
  readonly close: (force?: boolean) => Promise<void>;
}

/** What a worker tells of its jobs. */
export interface Pulse {
  readonly taken: () => void;
  readonly ended: () => void;
}

export interface QueueWorkers {
  readonly of: (name: QueueName) => QueueWorker;
  /** Looks at each queue, and rebuilds the worker of one that takes nothing. */
  readonly revive: () => Promise<void>;
  /** Queues whose worker was found dead and whose new one has taken nothing yet. */
  readonly deaf: () => readonly QueueName[];
  readonly pauseAll: () => Promise<unknown>;
  readonly closeAll: (force: boolean) => Promise<unknown>;
}

export interface QueueWorkersOptions {
  readonly open: (name: QueueName, pulse: Pulse) => QueueWorker;
  readonly concurrency: (name: QueueName) => number;
  readonly isClosing: () => boolean;
  readonly deafMs?: number;
}

/** Far beyond what a live worker leaves lying: it takes a job within milliseconds. */
const longestSilenceMs = 10_000;

export function openQueueWorkers(ctx: OpenedContext, options: QueueWorkersOptions): QueueWorkers {
  const { deafMs = longestSilenceMs } = options;
  const seats = new Map(queueNames.map((name) => [name, { running: 0, takenAt: performance.now(), isDeaf: false }]));
  /** Rebuilt while jobs of theirs were running: these end in the old worker, which keeps their leases. */
  const retired = new Set<QueueWorker>();
  const seatOf = (name: QueueName) => {
    const seat = seats.get(name);
    if (seat === undefined) throw new Error(`no queue ${name}`);
    return seat;
  };
  const build = (name: QueueName): QueueWorker => {
    const seat = seatOf(name);
    return options.open(name, {
      taken: () => {
        seat.running += 1;
        seat.takenAt = performance.now();
        seat.isDeaf = false;
      },
      ended: () => (seat.running -= 1),
    });
  };
  const workers = new Map(queueNames.map((name) => [name, build(name)]));
  const of = (name: QueueName): QueueWorker => {
    const worker = workers.get(name);
    if (worker === undefined) throw new Error(`no worker for ${name}`);
    return worker;
  };

  /** An outage is no silence; limits and pauses hold files back before the queues, never in them. */
  const isSilent = (name: QueueName): boolean => {
    const { running, takenAt } = seatOf(name);
    const silentMs = Math.min(performance.now() - takenAt, ctx.watch.sinceAwayMs());
    return silentMs >= deafMs && running < options.concurrency(name);
  };
  const rebuild = (name: QueueName): void => {
    const seat = seatOf(name);
    ctx.log.error(
      { queue: name, running: seat.running },
      'work is waiting and nothing is taken: the worker is rebuilt',
    );
    const dead = of(name);
    Object.assign(seat, { isDeaf: true, takenAt: performance.now() });
    workers.set(name, build(name));
    retired.add(dead);
    const force = seat.running === 0;
    dead.close(force).then(
      () => retired.delete(dead),
      (error: unknown) => ctx.log.warn({ err: error, queue: name }, 'a dead worker was not closed'),
    );
  };

  return {
    of,
    deaf: () => queueNames.filter((name) => seatOf(name).isDeaf),
    revive: async () => {
      for (const name of queueNames) {
        if (options.isClosing() || ctx.watch.state() !== 'here') return;
        if (!isSilent(name)) continue;
        const waiting = await ctx.queues[name].getWaitingCount();
        if (waiting > 0 && isSilent(name)) rebuild(name);
        else if (waiting === 0) seatOf(name).isDeaf = false;
      }
    },
    pauseAll: () => Promise.all([...workers.values(), ...retired].map((worker) => worker.pause(true))),
    closeAll: (force) => Promise.all([...workers.values(), ...retired].map((worker) => worker.close(force))),
  };
}
