/**
 * The small moves that every part of `decide` is made of. `plan` raises the run (a new execution), `keep` does not
 * (a save inside a run).
 */
import type { FileProgress, FileRecord } from './file.ts';
import type { BlockReason, FileState, StepName, Work, Turn } from './file-state.ts';
import type { ErrorCode } from './error-codes.ts';
import { errorMeanings } from './error-codes.ts';
import { closeStep, failStep } from './step-history.ts';

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
 * error in its step (design §4 "Messages").
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
  if (file.kept !== null) return giveBack(file, file.kept, { steps, doubtful: isDoubtful(file.state, failure.code) });
  return plan(file, { status: 'failed', error, at: file.state, finishedAt: now }, { steps });
}

/** The session may hold more than is known, or is no more: the next message goes to a new one. */
const isDoubtful = (state: Work, code: ErrorCode): boolean =>
  code === 'edit_unconfirmed' || code === 'session_lost' || (hasTurn(state) && code !== 'edit_not_applied');

/** A turn was sent whose effect has not been settled. */
export const hasTurn = (state: Work): boolean =>
  (state.status === 'editing' || state.status === 'checking') && state.turn !== null;

/**
 * Back to the completed file that a message started from. Its session is kept only while it holds just what the
 * finished file's instructions made of it: an edit whose render failed would show up in the next output otherwise.
 */
export function giveBack(
  file: FileRecord,
  kept: Kept,
  end: { readonly steps: FileProgress['steps']; readonly doubtful: boolean },
): FileRecord {
  const instructions = file.instructions.slice(0, kept.instructions);
  const assets = file.assets.slice(0, kept.assets);
  const reusable = !end.doubtful && file.session !== null && file.applied === kept.instructions;
  const progress = {
    ...(reusable ? { uploaded: Math.min(file.uploaded, 1 + kept.assets) } : sessionGone),
    kept: null,
    steps: end.steps,
    ownInstructions: [...instructions],
    ownAssets: assets,
  };
  const finished = { status: 'completed', output: kept.output, finishedAt: kept.finishedAt } as const;
  return { ...plan(file, finished, progress), instructions, assets };
}

type Kept = NonNullable<FileProgress['kept']>;

export const park = (file: Active, reason: BlockReason): FileRecord =>
  plan(file, { status: 'parked', reason, at: file.state });

/**
 * A new session: the timeline is empty there, so the file starts again from upload, and what was open in the old one
 * is closed. Delivery has no slot to go on in. The bound is the caller's guard.
 */
export const restart = (file: Active, now: number): FileRecord =>
  plan(file, uploadingFrom(file.state.status === 'delivering' ? 'waiting' : file.state.place, now), {
    ...sessionGone,
    restarts: file.restarts + 1,
    steps: closeStep(file, now, { error: { code: 'session_lost', message: sessionLostNote, upstreamCode: 1002 } }),
  });

const sessionLostNote = 'The upstream lost the session; the file started again in a new one.';

/** A turn that was not taken charged nothing: the session is unpaid again where this was its first turn. */
export const refunded = (file: FileRecord, turn: Turn): Pick<FileRecord, 'session' | 'paidSessions'> => ({
  session: file.session !== null && turn.pays ? { ...file.session, paid: false } : file.session,
  paidSessions: file.paidSessions - (turn.pays ? 1 : 0),
});

/** A lane goes back when its file has left rendering; whoever is held or parked on the way keeps it (design §4 "Lanes"). */
export function keepsLane({ state }: FileRecord): boolean {
  const at = state.status === 'parked' ? state.at : state;
  return isWork(at) && at.status !== 'delivering';
}
