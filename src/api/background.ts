/**
 * Work that goes on after an answer: bulk actions. It is awaited at the close of the process, not by the caller; what
 * a crash leaves of it is the sweeper's.
 */
import { workOffMarks } from '../shared/bulk.ts';
import type { Context } from '../shared/context.ts';

export interface Background {
  readonly workOff: (batchId: string) => void;
  /** Resolves when everything that was begun has ended. */
  readonly settled: () => Promise<void>;
}

export function createBackground(ctx: Context): Background {
  const running = new Set<Promise<void>>();
  return {
    workOff: (batchId) => {
      const work = workOffMarks(ctx, batchId).catch((error: unknown) => {
        ctx.log.error({ err: error, batch_id: batchId }, 'bulk action stopped; the sweeper goes on with it');
      });
      running.add(work);
      void work.finally(() => running.delete(work));
    },
    settled: async () => {
      await Promise.all(running);
    },
  };
}
