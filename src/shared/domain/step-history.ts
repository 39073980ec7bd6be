/**
 * A file's `steps`: one entry per step, instruction and session (design §7), attempts counted. Kept in the record, so
 * it is bounded: replies are cut, and an instruction is named by its number.
 */
import type { FileRecord, StepEntry } from './file.ts';
import type { StepName } from './file-state.ts';
import { maxReplyBytes } from './policy.ts';

type Steps = FileRecord['steps'];
type Outcome = Pick<StepEntry, 'reply' | 'change' | 'renderId' | 'error'>;
type StepAt = Pick<StepEntry, 'step' | 'instruction' | 'sessionId'>;

/** Where a file is in a step: which entry of its history that is. */
export const stepAt = ({ applied, session }: Pick<FileRecord, 'applied' | 'session'>, step: StepName): StepAt => ({
  step,
  instruction: step === 'edit' ? applied : null,
  sessionId: session?.id ?? null,
});

const indexOf = (steps: Steps, at: StepAt): number =>
  steps.findIndex(
    ({ step, instruction, sessionId }) =>
      step === at.step && instruction === at.instruction && sessionId === at.sessionId,
  );

export const isOpen = (steps: Steps, at: StepAt): boolean => steps[indexOf(steps, at)]?.finishedAt === null;

/** Begins an attempt: a new entry, or one more attempt in the entry that is there (what the last one ended in is history). */
export function beginAttempt(steps: Steps, now: number, at: StepAt): Steps {
  const index = indexOf(steps, at);
  const found = steps[index];
  if (found === undefined) return [...steps, { ...at, attempts: 1, startedAt: now, finishedAt: null }];
  const { error: _error, reply: _reply, change: _change, ...rest } = found;
  return steps.with(index, { ...rest, attempts: found.attempts + 1, finishedAt: null });
}

/** Ends a step well, whether its entry is open or a retry found the result of an attempt that had ended in an error. */
export function endStep(steps: Steps, now: number, at: StepAt, outcome: Partial<Outcome> = {}): Steps {
  const index = indexOf(steps, at);
  const found = steps[index];
  if (found === undefined) return endStep(beginAttempt(steps, now, at), now, at, outcome);
  const { error: _past, ...rest } = found;
  return steps.with(index, { ...rest, ...outcome, finishedAt: now });
}

/** Ends the newest entry that is still open. Nothing open: nothing to end. */
export function closeStep(file: Pick<FileRecord, 'steps'>, now: number, outcome: Partial<Outcome> = {}): Steps {
  const index = file.steps.findLastIndex((entry) => entry.finishedAt === null);
  const open = file.steps[index];
  if (open === undefined) return file.steps;
  return file.steps.with(index, { ...open, ...outcome, finishedAt: now });
}

/** Ends the open entry with an error; where the step failed before it had one, it gets one. */
export function failStep(
  file: Pick<FileRecord, 'steps' | 'session' | 'applied'>,
  now: number,
  failure: { readonly step: StepName; readonly error: NonNullable<StepEntry['error']> },
): Steps {
  if (file.steps.some((entry) => entry.finishedAt === null)) return closeStep(file, now, { error: failure.error });
  return closeStep({ steps: beginAttempt(file.steps, now, stepAt(file, failure.step)) }, now, { error: failure.error });
}

/** Adds facts to the newest open entry without ending it. */
export function noteStep(file: Pick<FileRecord, 'steps'>, outcome: Partial<Outcome>): Steps {
  const index = file.steps.findLastIndex((entry) => entry.finishedAt === null);
  const open = file.steps[index];
  return open === undefined ? file.steps : file.steps.with(index, { ...open, ...outcome });
}

/** Cut to `maxReplyBytes` of UTF-8, between characters: a Chinese reply is three times as long in bytes as in letters. */
export function cutReply(reply: string): string {
  const encoder = new TextEncoder();
  if (reply.length * 3 <= maxReplyBytes) return reply;
  const room = new Uint8Array(maxReplyBytes);
  if (encoder.encodeInto(reply, room).read === reply.length) return reply;
  const { read } = encoder.encodeInto(reply, room.subarray(ellipsisBytes));
  return `${reply.slice(0, read)}…`;
}

const ellipsisBytes = 3;
