/** What all processes share, as of one moment of Redis' clock, in one round trip. It reads; it changes nothing. */
import { z } from 'zod';
import type { Context } from './context.ts';
import { backlogSeconds, filesPerSecond, type Pace } from './pace.ts';

export interface Fleet {
  readonly inFlight: number;
  readonly awaitingUpload: number;
  readonly waiting: number;
  readonly moving: number;
  /** How long the oldest run that is due has not been taken; the same for webhook deliveries. */
  readonly stepsLateSeconds: number;
  readonly deliveriesDue: number;
  readonly deliveriesLateSeconds: number;
  readonly batches: number;
  readonly workers: number;
  readonly window: number;
  readonly pausedSeconds: number;
  readonly blocked: string | null;
  readonly downSeconds: number;
  readonly limited: number;
  /** Null: never read yet. */
  readonly credits: number | null;
  readonly filesPerSecond: number;
  readonly backlogSeconds: number;
}

/** Waiting lists looked at in one scrape: about 2 ms of Redis. */
const mostBatches = 2000;

const number = z.coerce.number();
const perhaps = z.union([z.string(), z.number()]).transform((value) => (value === '' ? null : Number(value)));
const replySchema = z.tuple([
  ...([number, number, number, number, number, perhaps, number, perhaps, number, number] as const),
  ...([perhaps, perhaps, z.string(), perhaps, perhaps, perhaps, perhaps, perhaps, perhaps] as const),
]);

export async function readFleet(ctx: Pick<Context, 'scripts' | 'accountId' | 'config'>): Promise<Fleet> {
  const reply = replySchema.parse(await ctx.scripts.fleet(ctx.accountId, mostBatches));
  const [now, inFlight, awaitingUpload, waiting, moving, firstDue, deliveriesDue, firstDelivery, batches, workers] =
    reply;
  const [, , , , , , , , , , window, until, blocked, downSince, limited, credits, ended, busyMs, at] = reply;
  const since = (time: number | null): number => (time === null ? 0 : Math.max(0, now - time) / 1000);
  const pace: Pace = { ended: ended ?? 0, busyMs: busyMs ?? 0, at };
  const work = { waiting, inFlight, window: Math.floor(Math.min(window ?? Infinity, ctx.config.maxInFlight)) };
  return {
    ...work,
    awaitingUpload,
    moving,
    stepsLateSeconds: since(firstDue),
    deliveriesDue,
    deliveriesLateSeconds: since(firstDelivery),
    batches,
    workers,
    pausedSeconds: Math.max(0, (until ?? 0) - now) / 1000,
    blocked: blocked === '' ? null : blocked,
    downSeconds: since(downSince),
    limited: limited ?? 0,
    credits,
    filesPerSecond: filesPerSecond(pace, work, now),
    backlogSeconds: backlogSeconds(pace, work, now),
  };
}
