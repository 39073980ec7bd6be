/**
 * `Prefer: wait=<seconds>` (RFC 7240): the answer to a small batch may wait for its end, so that a script needs no second
 * request. Bounded in time and in number; who waits longer follows the events.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readBatch, type StoredBatch } from '../shared/read-batch.ts';
import type { ApiContext } from './api-context.ts';
import { createInbox } from './inbox.ts';
import type { LiveFeed } from './live-feed.ts';

const maxWaitSeconds = 60;
/** A larger batch ends within no wait of this length. */
const maxFiles = 20;
/** Each holds a connection of this process. */
const mostWaiting = 200;
/** A wake-up that was lost is made up for after this. */
const lookAnywayMs = 2000;

export interface EndWaiter {
  /** Seconds that will be waited; null: not asked for, or not granted. */
  readonly grant: (request: FastifyRequest, files: number) => number | null;
  /** The batch at its end, or when the time is over; null: it is gone. */
  readonly wait: (reply: FastifyReply, batchId: string, seconds: number) => Promise<StoredBatch | null>;
}

export function createEndWaiter(ctx: ApiContext, feed: LiveFeed): EndWaiter {
  let waiting = 0;
  return {
    grant: ({ headers }, files) => {
      const seconds = secondsOf(headers['prefer']);
      return seconds === null || files > maxFiles || waiting >= mostWaiting ? null : Math.min(seconds, maxWaitSeconds);
    },
    wait: async (reply, batchId, seconds) => {
      waiting += 1;
      const inbox = createInbox();
      const stop = feed.listen({ kind: 'batch', batchId }, inbox);
      reply.raw.once('close', inbox.end);
      try {
        const until = performance.now() + seconds * 1000;
        for (;;) {
          const batch = await readBatch(ctx, batchId);
          const leftMs = until - performance.now();
          if (batch === null || batch.progress.closed || leftMs <= 0 || inbox.isEnded()) return batch;
          await inbox.wait(Math.min(leftMs, lookAnywayMs));
        }
      } finally {
        reply.raw.off('close', inbox.end);
        stop();
        waiting -= 1;
      }
    },
  };
}

export const preferHeader = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .describe(
    `\`wait=30\`: with up to ${maxFiles} files the answer waits that many seconds (${maxWaitSeconds} at most) for the end.`,
  );

/** Of all preferences only this one is looked at. */
function secondsOf(header: string | string[] | undefined): number | null {
  const text = [header].flat().join(',');
  const digits = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=$|[,;])/i.exec(text)?.[1];
  return digits === undefined || Number(digits) === 0 ? null : Number(digits);
}
