/** Loads a file with what surrounds it, in one round trip, as of one moment of Redis' clock. */
import { z } from 'zod';
import type { Context } from './context.ts';
import { batchSpecSchema, type BatchSpec } from './domain/batch.ts';
import { blockReasons, stepNames, type StepName } from './domain/file-state.ts';
import { recordVersion, sessionSchema, type FileRecord, type Session } from './domain/file.ts';
import { parseFileId } from './ids.ts';
import { NewerRecordError, toFileRecord } from './stored-file.ts';

export interface Surroundings {
  readonly batch: {
    readonly paused: boolean;
    readonly canceled: boolean;
    readonly closed: boolean;
    readonly blocked: { readonly reason: (typeof blockReasons)[number]; readonly help_url: string | null } | null;
    /** Files that left the waiting list so far: a file's position is its index less this. */
    readonly popped: number;
    readonly maxCredits: number | null;
    readonly paidSessions: number;
    /** Stored before the batch's first turn, for measure-spend.ts. */
    readonly balanceBefore: string | null;
    /** Counted where there is a max_credits. */
    readonly unpaidInFlight: number;
  };
  readonly account: {
    /** 0: no pause. */
    readonly until: number;
    readonly blocked: string | null;
    readonly okAt: number;
    readonly downSince: number | null;
  };
}

export interface LoadedFile extends Surroundings {
  readonly file: FileRecord;
  readonly rev: number;
  /** Redis' clock at the load. */
  readonly now: number;
  readonly spec: BatchSpec;
  /** What admission claimed for it: the lane, and the session that the lane has. */
  readonly claimed: { readonly lane: number; readonly session: Session | null } | null;
  /** An earlier execution of this run died. */
  readonly crashed: boolean;
  /** The job that has gone on to the present run in place: its lease, until it ends. Null: the run has a job of its own. */
  readonly lease: JobName | null;
}

/** Which job of which queue. */
export interface JobName {
  readonly queue: StepName;
  readonly id: string;
}
export const jobNameText = ({ queue, id }: JobName): string => `${queue} ${id}`;

function toJobName(text: string): JobName | null {
  const [queue, id] = text.split(' ');
  const step = stepNames.find((name) => name === queue);
  return step === undefined || id === undefined ? null : { queue: step, id };
}

const nullable = z.string().nullable();
const numeric = nullable.transform((text) => (text === null || text === '' ? null : Number(text)));
const aroundSchema = z.tuple([
  z.tuple([nullable, nullable, nullable, nullable, numeric, nullable, numeric, numeric, nullable, z.number()]),
  z.tuple([numeric, nullable, numeric, numeric, numeric]),
]);
const replySchema = z.tuple([
  z.literal('ok'),
  z.number(),
  z.coerce.number(),
  z.string(),
  z.string(),
  z.string(),
  z.unknown(),
  z.unknown(),
  z.string(),
  z.string(),
  z.string(),
]);
export const blockedSchema = z.object({ reason: z.enum(blockReasons), help_url: z.string().nullable() });

/** As both scripts reply it, and noted as the newest that is known of the account. */
export function toSurroundings(ctx: Context, reply: unknown, now: number): Surroundings {
  const [b, a] = aroundSchema.parse(reply);
  const account = { until: a[0] ?? 0, blocked: a[1], okAt: a[2] ?? 0, downSince: a[3] };
  ctx.account.gate.see(account, now);
  return {
    batch: {
      paused: b[0] === '1',
      canceled: b[1] === b[2],
      closed: b[5] === '1',
      blocked: b[3] === null ? null : blockedSchema.parse(JSON.parse(b[3])),
      popped: b[4] ?? 0,
      maxCredits: b[6],
      paidSessions: b[7] ?? 0,
      balanceBefore: b[8],
      unpaidInFlight: b[9],
    },
    account,
  };
}

/**
 * Throws NewerRecordError, and has marked nothing then. `run`: only if it is still the present one, or one that `job` has gone on to in place; marked with
 * `execution` (design §4: own crash counter).
 */
export async function loadFile(
  ctx: Context,
  fileId: string,
  begin?: { readonly run: number; readonly execution: string; readonly job?: JobName },
): Promise<LoadedFile | 'missing' | 'passed'> {
  const place = parseFileId(fileId);
  if (place === null) return 'missing';
  const { run = '', execution = '', job } = begin ?? {};
  const sinceAwayMs = ctx.watch.sinceAwayMs();
  const reply = await ctx.scripts.begin(
    fileId,
    place.batchId,
    ctx.accountId,
    run,
    execution,
    recordVersion,
    Number.isFinite(sinceAwayMs) ? Math.round(sinceAwayMs) : '',
    job === undefined ? '' : jobNameText(job),
  );
  if (Array.isArray(reply) && (reply[0] === 'missing' || reply[0] === 'passed')) return reply[0];
  if (Array.isArray(reply) && reply[0] === 'newer') throw new NewerRecordError(fileId, Number(reply[1]));
  const [, now, rev, progress, input, crashed, b, a, lane, laneSession, lease] = replySchema.parse(reply);
  const surroundings = toSurroundings(ctx, [b, a], now);
  const spec = await readSpec(ctx, place.batchId);
  if (spec === null) return 'missing';
  return {
    file: toFileRecord({ id: fileId, batchId: place.batchId, index: place.index, progress, input }, spec),
    rev,
    now,
    spec,
    crashed: crashed === '1',
    claimed: lane === '' ? null : { lane: Number(lane), session: toSession(laneSession) },
    lease: toJobName(lease),
    ...surroundings,
  };
}

const toSession = (text: string): Session | null => (text === '' ? null : sessionSchema.parse(JSON.parse(text)));

export async function readSpec(ctx: Context, batchId: string): Promise<BatchSpec | null> {
  const cached = ctx.specs.get(batchId);
  if (cached !== undefined) return cached;
  const text = await ctx.redis.hget(ctx.keys.batch(batchId), 'spec');
  if (text === null) return null;
  const spec = batchSpecSchema.parse(JSON.parse(text));
  ctx.specs.set(batchId, spec);
  return spec;
}
