/**
 * Which runs follow each other in place, under the lease of the first one, without a job for each: those that the same
 * worker would take at once, and the seconds that a turn needs to settle. Everything else gives its seat back: an upload's and a
 * delivery's are few, and nobody holds one while a render goes on upstream.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FileRecord } from '../shared/domain/file.ts';
import type { StepName } from '../shared/domain/file-state.ts';
import { isWork } from '../shared/domain/moves.ts';
import { nextStep } from '../shared/domain/next-step.ts';

/** Above EDIT_SETTLE_MS as it is shipped, below what a shutdown waits for. */
const longestMs = 3000;

/** The queue `edit` has a seat for each file in flight, so a render may be sent from there. */
const follows: Readonly<Record<StepName, readonly StepName[]>> = {
  upload: ['upload'],
  edit: ['edit', 'render'],
  render: ['render'],
  deliver: ['deliver'],
};

export function goesOnInPlace(queue: StepName, after: FileRecord, now: number): boolean {
  const next = nextStep(after, now);
  if (next === null || !follows[queue].includes(next.step)) return false;
  if (next.delayMs === 0) return true;
  const settles = isWork(after.state) && after.state.wait?.reason === 'recheck';
  return next.step === 'edit' && settles && next.delayMs <= longestMs;
}

/** False: it was aborted. */
export async function untilDue(file: FileRecord, now: number, abort: AbortSignal): Promise<boolean> {
  const waitMs = nextStep(file, now)?.delayMs ?? 0;
  if (waitMs > 0) await delay(waitMs, undefined, { signal: abort }).catch(() => undefined);
  return !abort.aborted;
}
