/** Asks for a run when it is due, by a clock that does not jump. A convenience: the sweeper asks too, a little later. */
import type { Context } from '../shared/context.ts';

/** A run may begin this much before it is due: BullMQ's clock and Redis' are not the same. */
export const earlyToleranceMs = 250;
/** Timers take no more. */
const longestTimerMs = 2 ** 31 - 1;

export function askLater(
  { ctx, isClosing }: { readonly ctx: Context; readonly isClosing: () => boolean },
  afterMs: number,
  ask: () => Promise<unknown>,
): void {
  const timer = setTimeout(
    () => {
      if (isClosing()) return;
      ask().catch((error: unknown) => ctx.log.warn({ err: error }, 'not asked for; the sweeper will'));
    },
    Math.min(afterMs, longestTimerMs),
  );
  timer.unref();
}
