/**
 * What runs in this process. A lease that was lost and granted again would else start a run beside itself (measured:
 * Redis away longer than the lock), and a cancel must reach the runs of its batch at once.
 */

export interface RunningStep {
  readonly fileId: string;
  readonly batchId: string;
  readonly jobId: string;
  /** Ends everything at once. */
  readonly abort: (reason: string) => void;
  /** Forbids new calls; an open stream goes on (design §4). */
  readonly loseLease: () => void;
  /** Absent: of a delivery, which the sweeper of files does not know. */
  readonly isLeased?: () => boolean;
}

export interface Registry {
  /** False: this file runs here already. */
  readonly enter: (step: RunningStep) => boolean;
  readonly leave: (step: RunningStep) => void;
  /** Resolves once what runs of this file now has left; at once where nothing does. */
  readonly left: (fileId: string) => Promise<void>;
  /** It runs here under a lease that is renewed: nobody has to look whether its job is there. */
  readonly holds: (fileId: string) => boolean;
  readonly cancelBatch: (batchId: string) => void;
  readonly loseLeases: (jobIds: readonly string[]) => void;
  /** No new calls anywhere: the process is shutting down. */
  readonly loseAll: () => void;
  readonly abortAll: (reason: string) => void;
  readonly size: () => number;
  /** Resolves once nothing runs. */
  readonly drained: () => Promise<void>;
}

export function createRegistry(): Registry {
  const running = new Map<string, RunningStep>();
  let waiters: (() => void)[] = [];
  const leavers = new Map<string, (() => void)[]>();
  return {
    enter: (step) => {
      if (running.has(step.fileId)) return false;
      running.set(step.fileId, step);
      return true;
    },
    leave: (step) => {
      if (running.get(step.fileId) === step) {
        running.delete(step.fileId);
        for (const wake of leavers.get(step.fileId) ?? []) wake();
        leavers.delete(step.fileId);
      }
      if (running.size > 0) return;
      for (const wake of waiters) wake();
      waiters = [];
    },
    left: (fileId) =>
      running.has(fileId)
        ? new Promise<void>((resolve) => leavers.set(fileId, [...(leavers.get(fileId) ?? []), resolve]))
        : Promise.resolve(),
    holds: (fileId) => running.get(fileId)?.isLeased?.() ?? false,
    cancelBatch: (batchId) => {
      for (const step of running.values()) if (step.batchId === batchId) step.abort('canceled');
    },
    loseLeases: (jobIds) => {
      for (const step of running.values()) if (jobIds.includes(step.jobId)) step.loseLease();
    },
    loseAll: () => {
      for (const step of running.values()) step.loseLease();
    },
    abortAll: (reason) => {
      for (const step of running.values()) step.abort(reason);
    },
    size: () => running.size,
    drained: () => (running.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiters.push(resolve))),
  };
}
