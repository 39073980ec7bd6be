/** What must be in flight for a file's state. The saved state is the outbox: asking again is always harmless. */
import type { FileRecord } from './file.ts';
import type { StepName } from './file-state.ts';
import { isWork, stepOf } from './moves.ts';

export interface NextStep {
  readonly step: StepName;
  readonly delayMs: number;
  /** File id and run: the id of the BullMQ job, so enqueueing twice is harmless. */
  readonly id: string;
}

export function nextStep(file: FileRecord, now: number): NextStep | null {
  const { state } = file;
  if (!isWork(state) || state.place !== 'in') return null;
  return { step: stepOf(state), delayMs: Math.max(0, state.due - now), id: `${file.id}-${file.run}` };
}
