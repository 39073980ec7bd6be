/**
 * The five BullMQ queues and the one place that enqueues. A job is a lease on a run: its id is file id and run, it
 * carries nothing else, and it is removed as soon as it ends; what it was about lives in the record.
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { FileRecord } from './domain/file.ts';
import type { StepName } from './domain/file-state.ts';
import { nextStep } from './domain/next-step.ts';

export const queueNames = ['upload', 'edit', 'render', 'deliver', 'notify'] as const;
export type QueueName = (typeof queueNames)[number];

/** What a job carries: which run of which file, or which run of which delivery. */
export interface StepJob {
  readonly file_id: string;
  readonly run: number;
}
export interface NotifyJob {
  readonly delivery_id: string;
  readonly run: number;
}

export type Queues = { readonly [Name in StepName]: Queue<StepJob> } & { readonly notify: Queue<NotifyJob> };

/** How often BullMQ itself repeats a call that is safe to repeat (transport faults), before the domain hears of it. */
export const callAttempts = 3;

export function openQueues(connection: Redis, tag: string): Queues {
  const options = {
    connection,
    prefix: tag,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, stackTraceLimit: 0 },
    // Nobody reads BullMQ's own events (they get lost, and ours do not): as few as it keeps.
    streams: { events: { maxLen: 1 } },
    skipVersionCheck: true,
  };
  const open = <Job>(name: QueueName): Queue<Job> => {
    const queue = new Queue<Job>(name, options);
    // The connection has a listener that logs; without one here BullMQ prints each error to the console as well.
    queue.on('error', () => undefined);
    return queue;
  };
  return {
    upload: open<StepJob>('upload'),
    edit: open<StepJob>('edit'),
    render: open<StepJob>('render'),
    deliver: open<StepJob>('deliver'),
    notify: open<NotifyJob>('notify'),
  };
}

/** Puts the file's next run into its queue; a run that is there already is left alone (same id). */
export async function enqueueNext(queues: Queues, file: FileRecord, now: number, backoffMs: number): Promise<void> {
  const next = nextStep(file, now);
  if (next === null) return;
  await queues[next.step].add(
    next.step,
    { file_id: file.id, run: file.run },
    {
      jobId: next.id,
      delay: next.delayMs,
      // Redis' clock, which the delay is counted from: this process's own may be an hour off.
      timestamp: now,
      attempts: callAttempts,
      backoff: { type: 'exponential', delay: backoffMs },
    },
  );
}

export const notifyJobId = ({ id, run }: { readonly id: string; readonly run: number }): string => `${id}-${run}`;

export async function enqueueNotify(
  queues: Queues,
  delivery: { id: string; run: number; delayMs: number },
): Promise<void> {
  await queues.notify.add(
    'notify',
    { delivery_id: delivery.id, run: delivery.run },
    { jobId: notifyJobId(delivery), delay: delivery.delayMs },
  );
}

export async function closeQueues(queues: Queues): Promise<void> {
  await Promise.all(Object.values(queues).map((queue: Queue) => queue.close()));
}
