/**
 * The states of a file: a union on `status`, so that a completed file cannot carry an error and a failed one always has
 * one. Zod is the schema of what Redis stores; the types follow from it.
 */
import { z } from 'zod';
import { errorCodes } from './error-codes.ts';

export const fileStatuses = [
  'queued',
  'uploading',
  'editing',
  'checking',
  'rendering',
  'delivering',
  'parked',
  'completed',
  'failed',
  'canceled',
] as const;
export type FileStatus = (typeof fileStatuses)[number];

export const stepNames = ['upload', 'edit', 'render', 'deliver'] as const;
export type StepName = (typeof stepNames)[number];

export const outputSchema = z.object({
  /** The upstream's own link; null where it does not serve and `/download` must be used. */
  url: z.string().nullable(),
  renderId: z.string(),
  durationMs: z.number().nullable(),
  bytes: z.number().nullable(),
});
export type Output = z.infer<typeof outputSchema>;

export const fileErrorSchema = z.object({
  code: z.enum(errorCodes),
  step: z.enum(stepNames),
  message: z.string(),
  upstreamCode: z.number().nullable(),
});

/** Faults of the present call that count against the file (design §5 "Whose fault"). */
const tallySchema = z.object({
  counted: z.number(),
  /** Those of them that were rate limits: RATE_LIMIT_ATTEMPTS bounds these alone. */
  limited: z.number(),
  /** When the first counted fault happened, moved on by outages of everybody; counted ones must span UPSTREAM_GIVE_UP_MS. */
  since: z.number().nullable(),
  lastAt: z.number(),
  /** Faults in a row, counted or not: what the back-off doubles on. */
  inRow: z.number(),
});
export type Tally = z.infer<typeof tallySchema>;

const waitSchema = z.object({
  reason: z.enum(['rate_limit', 'upstream', 'recheck']),
  detail: z.string().nullable(),
});
export type Wait = z.infer<typeof waitSchema>;

/** What every unfinished, started file has. */
const motion = {
  /** `in`: has its slot. `waiting`: listed for one. `held`: its batch is paused; in no list. */
  place: z.enum(['in', 'waiting', 'held']),
  /** When the next run is due, in ms of Redis' clock. */
  due: z.number(),
  wait: waitSchema.nullable(),
  tally: tallySchema.nullable(),
  /** Crashes of our own since the last outcome; the fifth one poisons. */
  crashes: z.number(),
};

const turnSchema = z.object({
  id: z.string(),
  sentAt: z.number(),
  /** Fingerprint of the state before the turn, and how much generated media it had. */
  before: z.string(),
  mediaBefore: z.number(),
  /** The first turn of its session: the one that is charged. */
  pays: z.boolean(),
  /** Null while the end of the stream is unknown. */
  end: z.object({ seen: z.boolean(), at: z.number(), reply: z.string(), tools: z.array(z.string()) }).nullable(),
  /** An error event in the stream: decides what an unchanged state means (design §4 (5)). */
  errorCode: z.string().nullable(),
  upstreamCode: z.number().nullable(),
});
export type Turn = z.infer<typeof turnSchema>;

/**
 * Reads on the way to "settled": two equal ones in a row. `unequal` counts reads that differed from the one before,
 * `unchanged` the extra reads of a state that settled where it was.
 */
const settleSchema = z.object({ last: z.string(), unequal: z.number(), unchanged: z.number() });
export type Settle = z.infer<typeof settleSchema>;

const uploadingSchema = z.object({
  status: z.literal('uploading'),
  ...motion,
  /** Set in the save before the call leaves: a run that finds it looks before it uploads again. */
  mark: z.object({ item: z.number(), videosBefore: z.number(), misses: z.number() }).nullable(),
});

const editingSchema = z.object({
  status: z.literal('editing'),
  ...motion,
  turn: turnSchema.nullable(),
  settle: settleSchema.nullable(),
  /** A caller's retry of an unconfirmed turn: looks first, sends only if nothing changed. */
  lookFirst: z.boolean(),
});

const checkingSchema = z.object({
  status: z.literal('checking'),
  ...motion,
  turn: turnSchema,
  settle: settleSchema.nullable(),
  unchangedReads: z.number(),
  /** Time in which the account was paused or down does not count towards giving up. */
  excludedMs: z.number(),
});

const renderingSchema = z.object({
  status: z.literal('rendering'),
  ...motion,
  render: z
    .object({
      id: z.string(),
      submitted: z.boolean(),
      polls: z.number(),
      /** A caller's retry reads the old render once; if it is not completed, a new id is taken. */
      lookOnce: z.boolean(),
    })
    .nullable(),
  /** Renders that the upstream called failed in this attempt; the second one fails the file. */
  failures: z.number(),
});

const deliveringSchema = z.object({ status: z.literal('delivering'), ...motion, output: outputSchema });

export const workSchema = z.discriminatedUnion('status', [
  uploadingSchema,
  editingSchema,
  checkingSchema,
  renderingSchema,
  deliveringSchema,
]);
export type Work = z.infer<typeof workSchema>;
export type Working<S extends Work['status']> = Extract<Work, { status: S }>;

export const blockReasons = ['out_of_credits', 'token_invalid', 'max_credits'] as const;
export type BlockReason = (typeof blockReasons)[number];

export const stateSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('queued') }),
  uploadingSchema,
  editingSchema,
  checkingSchema,
  renderingSchema,
  deliveringSchema,
  z.object({ status: z.literal('parked'), reason: z.enum(blockReasons), at: workSchema }),
  z.object({ status: z.literal('completed'), output: outputSchema, finishedAt: z.number() }),
  z.object({ status: z.literal('failed'), error: fileErrorSchema, at: workSchema, finishedAt: z.number() }),
  z.object({ status: z.literal('canceled'), finishedAt: z.number() }),
]);
export type FileState = z.infer<typeof stateSchema>;
