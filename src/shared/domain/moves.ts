/**
 * The small moves that every part of `decide` is made of. `plan` raises the run (a new execution), `keep` does not
 * (a save inside a run).
 */
import type { FileProgress, FileRecord } from './file.ts';
import type { BlockReason, FileState, StepName, Work, Turn } from './file-state.ts';
import type { ErrorCode } from './error-codes.ts';
import { errorMeanings } from './error-codes.ts';
import { failStep } from './step-history.ts';

export type Motion = Pick<Work, 'place' | 'due' | 'wait' | 'tally' | 'crashes'>;
/** A file at work: `state` is narrowed to what `decide` is looking at. */
export type Active<W extends Work = Work> = FileRecord & { readonly state: W };

export const freshMotion = (place: Work['place'], due: number): Motion => ({
  place,
  due,
  wait: null,
  tally: null,
  crashes: 0,
});

export const plan = (file: FileRecord, state: FileState, changes: Partial<FileProgress> = {}): FileRecord => ({
  ...file,
  ...changes,
  state,
  run: file.run + 1,
});

export const keep = (file: FileRecord, state: FileState, changes: Partial<FileProgress> = {}): FileRecord => ({
  ...file,
  ...changes,
  state,
});

export function isWork(state: FileState): state is Work {
  switch (state.status) {
    case 'uploading':
    case 'editing':
    case 'checking':
    case 'rendering':
    case 'delivering':
      return true;
    case 'queued':
    case 'parked':
    case 'completed':
    case 'failed':
    case 'canceled':
      return false;
  }
}

const stepOfStatus = {
  uploading: 'upload',
  editing: 'edit',
  checking: 'edit',
  rendering: 'render',
  delivering: 'deliver',
} as const satisfies Record<Work['status'], StepName>;

export const stepOf = (work: Work): StepName => stepOfStatus[work.status];

/** Everything of a session is gone: its uploads, its timeline, what had been applied in it. */
export const sessionGone = {
  session: null,
  uploaded: 0,
  applied: 0,
  settled: null,
  draftStored: false,
} as const satisfies Partial<FileProgress>;

export const uploadingFrom = (place: Work['place'], due: number): Extract<Work, { status: 'uploading' }> => ({
  status: 'uploading',
  ...freshMotion(place, due),
  mark: null,
});

export const editingFrom = (place: Work['place'], due: number): Extract<Work, { status: 'editing' }> => ({
  status: 'editing',
  ...freshMotion(place, due),
  turn: null,
  settle: null,
  lookFirst: false,
});

export const renderingFrom = (place: Work['place'], due: number): Extract<Work, { status: 'rendering' }> => ({
  status: 'rendering',
  ...freshMotion(place, due),
  render: null,
  failures: 0,
});

export interface Failure {
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly upstreamCode?: number | null;
}

/**
 * Ends the file in failure, or, where a message was under way on a finished one, gives the finished one back with the
 * error in its step (design §4 "Messages"). A turn whose effect is unknown makes the session useless for the next message.
 */
export function fail(file: Active, failure: Failure, now: number): FileRecord {
  const step = stepOf(file.state);
  const error = {
    code: failure.code,
    step,
    message: failure.detail ?? errorMeanings[failure.code].message,
    upstreamCode: failure.upstreamCode ?? null,
  };
  const { step: _step, ...stepError } = error;
  const steps = failStep(file, now, { step, error: stepError });
  if (file.kept !== null) return giveBack(file, { steps, unknown: failure.code === 'edit_unconfirmed' });
  return plan(file, { status: 'failed', error, at: file.state, finishedAt: now }, { steps });
}

/** Back to the completed file that a message started from. */
export function giveBack(
  file: FileRecord,
  end: { readonly steps: FileProgress['steps']; readonly unknown: boolean },
): FileRecord {
  const { kept } = file;
  if (kept === null) return file;
  const instructions = file.instructions.slice(0, kept.instructions);
  const reusable = !end.unknown && file.session !== null && file.applied >= kept.instructions;
  return {
    ...plan(
      file,
      { status: 'completed', output: kept.output, finishedAt: kept.finishedAt },
      {
        ...(reusable ? { applied: kept.instructions } : sessionGone),
        kept: null,
        steps: end.steps,
        ownInstructions: [...instructions],
      },
    ),
    instructions,
  };
}

export const park = (file: Active, reason: BlockReason): FileRecord =>
  plan(file, { status: 'parked', reason, at: file.state });

/** A new session: the timeline is empty there, so the file starts again from upload. The bound is the caller's guard. */
export const restart = (file: Active, now: number): FileRecord =>
  plan(file, uploadingFrom(file.state.place, now), { ...sessionGone, restarts: file.restarts + 1 });

/** A turn that was not taken charged nothing: the session is unpaid again where this was its first turn. */
export const refunded = (file: FileRecord, turn: Turn): Pick<FileRecord, 'session' | 'paidSessions'> => ({
  session: file.session !== null && turn.pays ? { ...file.session, paid: false } : file.session,
  paidSessions: file.paidSessions - (turn.pays ? 1 : 0),
});
