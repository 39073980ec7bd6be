/**
 * A file's `steps`: one entry per step, instruction and session (design §7), attempts counted. Kept in the record, so
 * it is bounded: replies are cut, and an instruction is named by its number.
 */
import type { FileRecord, StepEntry } from './file.ts';
import type { StepName } from './file-state.ts';
import { maxReplyChars } from './policy.ts';

type Steps = FileRecord['steps'];
type Outcome = Pick<StepEntry, 'reply' | 'change' | 'renderId' | 'error'>;

const sameStep = (entry: StepEntry, step: StepName, instruction: number | null, sessionId: string | null): boolean =>
  entry.step === step && entry.instruction === instruction && entry.sessionId === sessionId;

/** Begins an attempt: a new entry, or one more attempt in the entry that is there (its error is history then). */
export function beginAttempt(
  steps: Steps,
  now: number,
  at: { readonly step: StepName; readonly instruction: number | null; readonly sessionId: string | null },
): Steps {
  const index = steps.findIndex((entry) => sameStep(entry, at.step, at.instruction, at.sessionId));
  const found = steps[index];
  if (found === undefined) return [...steps, { ...at, attempts: 1, startedAt: now, finishedAt: null }];
  const { error: _past, ...rest } = found;
  return steps.with(index, { ...rest, attempts: found.attempts + 1, finishedAt: null });
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
  const instruction = failure.step === 'edit' ? file.applied : null;
  const at = { step: failure.step, instruction, sessionId: file.session?.id ?? null };
  return closeStep({ steps: beginAttempt(file.steps, now, at) }, now, { error: failure.error });
}

/** Adds facts to the newest open entry without ending it. */
export function noteStep(file: Pick<FileRecord, 'steps'>, outcome: Partial<Outcome>): Steps {
  const index = file.steps.findLastIndex((entry) => entry.finishedAt === null);
  const open = file.steps[index];
  return open === undefined ? file.steps : file.steps.with(index, { ...open, ...outcome });
}

export const cutReply = (reply: string): string =>
  reply.length <= maxReplyChars ? reply : `${reply.slice(0, maxReplyChars - 1)}…`;
