/**
 * The one adapter between BullMQ and the steps. A job is a lease on a run: it is matched against the record, executed,
 * and whatever comes of it, an outcome or an error, ends as an event in the record. The error → BullMQ translation
 * is here and nowhere else.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import { z } from 'zod';
import type { GoOn } from '../shared/advance.ts';
import type { Context } from '../shared/context.ts';
import { isWork, stepOf } from '../shared/domain/moves.ts';
import { waitMs } from '../shared/domain/policy.ts';
import { stepNames, type StepName } from '../shared/domain/file-state.ts';
import type { FileRecord } from '../shared/domain/file.ts';
import { unlessNewer } from '../shared/leave-to-newer.ts';
import { loadFile, type LoadedFile } from '../shared/load-file.ts';
import { inSpan } from '../shared/tracing/tracing.ts';
import { callAttempts, type NotifyJob, type StepJob } from '../shared/queues.ts';
import { parseFileId } from '../shared/ids.ts';
import { askAgain } from './ask-again.ts';
import { askLater, earlyToleranceMs } from './ask-later.ts';
import { runDeliver } from './deliver.ts';
import { runEdit } from './edit.ts';
import type { Registry, RunningStep } from './registry.ts';
import { runNotifyJob } from './run-notify-job.ts';
import { runRender } from './render.ts';
import { createRun, type Carried, type Run, type RunSignals } from './run.ts';
import { endRun, type RunEnd } from './end-run.ts';
import { goesOnInPlace, untilDue } from './go-on.ts';
import { runUpload } from './upload.ts';

const steps: Readonly<Record<StepName, (run: Run) => Promise<void>>> = {
  upload: runUpload,
  edit: runEdit,
  render: runRender,
  deliver: runDeliver,
};

const stepSchema = z.enum(stepNames);
/** A run that is here already is looked at again after this. */
const againMs = 1000;
/** A record of a newer release waits for a worker of that: short, as while a release rolls out each takes every other job. */
const newerRecordMs = 5000;

export interface StepHost {
  readonly ctx: Context;
  readonly registry: Registry;
  /** Marks an execution as this process's. */
  readonly workerId: string;
  readonly isClosing: () => boolean;
}

export async function runStepJob(host: StepHost, job: Job<StepJob>, token: string | undefined): Promise<void> {
  const place = parseFileId(job.data.file_id);
  if (place === null) return;
  const controller = new AbortController();
  let leased = true;
  const running: RunningStep = {
    fileId: job.data.file_id,
    batchId: place.batchId,
    jobId: job.id ?? '',
    abort: (reason) => controller.abort(new Error(reason)),
    loseLease: () => (leased = false),
    isLeased: () => leased,
  };
  if (!(await enter(host, running))) return postpone(job, againMs, token);
  const execution = `${host.workerId}/${job.id ?? ''}/${job.attemptsStarted}`;
  const lease = { queue: stepSchema.parse(job.queueName), id: job.id ?? '' };
  try {
    const begun = await unlessNewer(loadFile(host.ctx, job.data.file_id, { run: job.data.run, execution, job: lease }));
    if (begun === 'missing' || begun === 'passed') return;
    if (begun === 'newer') return await leaveAlone(host, job, token);
    host.ctx.reach(`run ${job.name}: taken, nothing done`);
    const early = earlyMs(host.ctx, begun);
    if (early > 0) {
      await host.ctx.scripts.release(job.data.file_id, execution);
      return waitUntilDue(host, job, early);
    }
    const signals = { abort: controller.signal, mayCall: () => leased && !host.isClosing() };
    // What BullMQ has repeated gets a job of its own for its next run, with all its repeats.
    const isFor = (after: FileRecord, now: number): boolean =>
      job.attemptsMade === 0 &&
      !controller.signal.aborted &&
      signals.mayCall() &&
      goesOnInPlace(lease.queue, after, now);
    const end = await runInPlace(host, begun, {
      signals,
      mayRepeat: job.attemptsMade + 1 < callAttempts,
      goOn: { lease, execution, isFor },
    });
    host.ctx.reach(`run ${job.name}: over, job not ended`);
    await toBullmq(host, job, { end, execution, token });
  } finally {
    host.registry.leave(running);
  }
}

interface Chain {
  readonly signals: RunSignals;
  readonly mayRepeat: boolean;
  readonly goOn: GoOn;
}

/** The run that the job is for, and those after it for as long as they follow in place (go-on.ts). */
async function runInPlace(host: StepHost, begun: LoadedFile, chain: Chain): Promise<RunEnd> {
  const carried: Carried = { draftText: null };
  for (let loaded = begun; ;) {
    const { state } = loaded.file;
    const step = isWork(state) ? stepOf(state) : chain.goOn.lease.queue;
    if (loaded !== begun) host.ctx.reach(`run ${step}: goes on in place`);
    const startedAt = performance.now();
    const run = createRun(host.ctx, loaded, chain.signals, { goOn: chain.goOn, carried });
    const end = await traced(host, step, loaded, () => execute(run, loaded.crashed, chain.mayRepeat));
    host.ctx.telemetry.stepEnded(step, end.kind, (performance.now() - startedAt) / 1000);
    if (end.kind !== 'done' || !run.goesOn()) return end;
    loaded = run.loaded();
    if (!(await untilDue(loaded.file, loaded.now, chain.signals.abort))) return endWhileWaiting(chain.signals);
    if (!chain.signals.mayCall()) return { kind: 'hand-over' };
    loaded = run.loaded();
  }
}

/** Canceled: whoever moves the file goes on. Or the process goes down: somebody else does. */
const endWhileWaiting = (signals: RunSignals): RunEnd => ({ kind: signals.mayCall() ? 'done' : 'hand-over' });

/**
 * The run before this one has saved, planned this one, and is about to leave: that is waited for, as a second's delay would
 * be paid again and again on the way of a file. Only a run that stays (a lease that was lost) sends this one back.
 */
async function enter({ registry }: StepHost, step: RunningStep): Promise<boolean> {
  const until = performance.now() + againMs;
  while (!registry.enter(step)) {
    const patience = new AbortController();
    const leftMs = until - performance.now();
    if (leftMs <= 0) return false;
    const tooLong = delay(leftMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([registry.left(step.fileId), tooLong]);
    patience.abort();
  }
  return true;
}

/** In the trace of the request that made the batch, whichever process that reached. */
function traced(host: StepHost, step: string, begun: LoadedFile, work: () => Promise<RunEnd>): Promise<RunEnd> {
  const attributes = { batch_id: begun.file.batchId, file_id: begun.file.id, run: begun.file.run };
  return inSpan(host.ctx.tracing, `step ${step}`, { parent: begun.spec.traceparent, attributes }, async (span) => {
    const end = await work();
    span.set({ outcome: end.kind, status: begun.file.state.status });
    if (end.kind === 'repeat-call' || end.kind === 'broken') span.fail(end.kind);
    return end;
  });
}

async function execute(run: Run, crashed: boolean, mayRepeat: boolean): Promise<RunEnd> {
  try {
    if (crashed) {
      const counted = await run.finish({ type: 'crashed', run: run.number });
      if (counted.kind !== 'saved' || run.file().run !== run.number) return { kind: 'done' };
    }
    const { state } = run.file();
    if (!isWork(state)) return { kind: 'done' };
    await steps[stepOf(state)](run);
    return { kind: 'done' };
  } catch (error) {
    return await endRun(run, error, mayRepeat);
  }
}

/** A clock that jumped, or a job promoted by hand: the record says when the run is due, in Redis' time. */
function earlyMs({ policy }: Context, { file, now }: LoadedFile): number {
  const early = isWork(file.state) ? waitMs(file.state.due, now, policy) : 0;
  return early > earlyToleranceMs ? early : 0;
}

/**
 * The job ends, and the run waits where due times are kept: in the record. Delayed again in BullMQ it would come back at
 * once, over and over, as long as one worker's clock is ahead. If we die the sweeper asks for it.
 */
function waitUntilDue(host: StepHost, job: Job<StepJob>, early: number): void {
  host.ctx.log.info({ file_id: job.data.file_id, run: job.data.run, early_ms: early }, 'run came early');
  askLater(host, early, () => askAgain(host.ctx, job.data.file_id));
}

async function leaveAlone(host: StepHost, job: Job<StepJob>, token: string | undefined): Promise<never> {
  host.ctx.telemetry.stepEnded(job.name, 'leave-alone', 0);
  host.ctx.log.warn({ file_id: job.data.file_id, run: job.data.run }, 'left to the release that wrote its record');
  return postpone(job, newerRecordMs, token);
}

async function toBullmq(
  host: StepHost,
  job: Job<StepJob>,
  run: { readonly end: RunEnd; readonly execution: string; readonly token: string | undefined },
): Promise<void> {
  switch (run.end.kind) {
    case 'done':
      return;
    case 'repeat-call':
      // BullMQ repeats: the record is looked at again first, so a repeat can do nothing twice.
      await host.ctx.scripts.release(job.data.file_id, run.execution);
      throw run.end.error;
    case 'hand-over':
      await host.ctx.scripts.release(job.data.file_id, run.execution);
      await job.moveToWait(run.token);
      throw new WaitingError();
    case 'leave-alone':
      await host.ctx.scripts.release(job.data.file_id, run.execution);
      return postpone(job, newerRecordMs, run.token);
    case 'store-trouble':
      await host.ctx.scripts.release(job.data.file_id, run.execution);
      return postpone(job, againMs, run.token);
    case 'broken':
      // Counted in the record as a crash; the sweeper asks for the run again, the fifth time ends the file.
      throw new UnrecoverableError('the run broke; see the log');
  }
}

/** A delivery is registered like a step, so that a shutdown gives a receiver DRAIN_MS to answer and then hands over. */
export async function runDeliveryJob(
  host: StepHost,
  job: Job<NotifyJob>,
  token: string | undefined,
  lease: AbortSignal | undefined,
): Promise<void> {
  const controller = new AbortController();
  const running: RunningStep = {
    fileId: job.data.delivery_id,
    // The end of a batch is told although the batch is canceled.
    batchId: '',
    jobId: job.id ?? '',
    abort: (reason) => controller.abort(new Error(reason)),
    loseLease: () => undefined,
  };
  if (!host.registry.enter(running)) return postpone(job, againMs, token);
  try {
    const signals = lease === undefined ? controller.signal : AbortSignal.any([controller.signal, lease]);
    const end = await runNotifyJob(host, job.data, signals);
    if (end !== 'aborted' || lease?.aborted === true) return;
    // Nothing was saved: another worker starts the same run again, without waiting for the sweeper.
    await job.moveToWait(token);
    throw new WaitingError();
  } finally {
    host.registry.leave(running);
  }
}

async function postpone(job: Job, waitMs: number, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now() + waitMs, token);
  throw new DelayedError();
}
