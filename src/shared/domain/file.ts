/**
 * The record of one file: what its caller said (`FileInput`), what moves (`FileProgress`), and both resolved against
 * the batch (`FileRecord`), as `decide` sees it. Facts only: no BullMQ job, no socket, no clock.
 */
import { z } from 'zod';
import { errorCodes } from './error-codes.ts';
import { outputSchema, stateSchema, stepNames } from './file-state.ts';

/** Raised when a stored record changes its meaning; a worker leaves a newer one alone. */
export const recordVersion = 2;

/** Where bytes come from. `name` and `bytes` are known at intake for uploads and paths; a URL's size by HEAD at most. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('url'), url: z.string() }),
  z.object({ kind: z.literal('upload'), uploadId: z.string(), name: z.string(), bytes: z.number() }),
  z.object({ kind: z.literal('path'), path: z.string(), name: z.string(), bytes: z.number() }),
]);
export type Source = z.infer<typeof sourceSchema>;

export const sessionSchema = z.object({
  id: z.string(),
  taskId: z.string().nullable(),
  /** The account that made it (design §6: "each session stores its account"). */
  account: z.string(),
  /** A turn was taken in it: the upstream charges a session at its first turn. */
  paid: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;

/** One entry per step, instruction and session (design §7). The instruction's text is kept by its number only. */
const stepEntrySchema = z.object({
  step: z.enum(stepNames),
  instruction: z.number().nullable(),
  sessionId: z.string().nullable(),
  attempts: z.number(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  reply: z.string().optional(),
  change: z.string().optional(),
  renderId: z.string().optional(),
  error: z.object({ code: z.enum(errorCodes), message: z.string(), upstreamCode: z.number().nullable() }).optional(),
});
export type StepEntry = z.infer<typeof stepEntrySchema>;

const timelineSchema = z.object({
  summary: z.string(),
  tracks: z.array(
    z.object({
      type: z.enum(['video', 'audio', 'text', 'other']),
      label: z.string(),
      name: z.string().nullable(),
      durationMs: z.number().nullable(),
      volumePercent: z.number().nullable(),
      segments: z.number(),
    }),
  ),
});
export type Timeline = z.infer<typeof timelineSchema>;

/** What moves, whatever the status is. Stored beside the state. */
export const progressSchema = z.object({
  v: z.number(),
  /** Goes up only when a new execution is planned (design §4 "rev and run"). */
  run: z.number(),
  session: sessionSchema.nullable(),
  /** The lane that its session was, or is, of; null in a session of its own (design §4 "Lanes"). */
  lane: z.number().nullable(),
  /** The lane is this file's until it has left rendering; a held or parked file keeps it. */
  laneHeld: z.boolean(),
  /** Source and assets that are in the present session, counted from the source. */
  uploaded: z.number(),
  /** Instructions applied in the present session. */
  applied: z.number(),
  /** The state's fingerprint when the last turn settled. */
  settled: z.string().nullable(),
  /** Sessions lost since the start or the last retry of the caller. */
  restarts: z.number(),
  /** Sessions of this file that took a turn: what it has cost. */
  paidSessions: z.number(),
  /** The draft of the last settled turn is kept beside the record. */
  draftStored: z.boolean(),
  timeline: timelineSchema.nullable(),
  steps: z.array(stepEntrySchema),
  startedAt: z.number().nullable(),
  /** A message is under way on a finished file: the output that stays until the new one is ready. */
  kept: z
    .object({ output: outputSchema, finishedAt: z.number(), instructions: z.number(), assets: z.number() })
    .nullable(),
  /** Instructions of its own, once they differ from what intake stored (a message adds one). */
  ownInstructions: z.array(z.string()).nullable(),
  ownAssets: z.array(sourceSchema).nullable(),
  state: stateSchema,
});
export type FileProgress = z.infer<typeof progressSchema>;

/** What the caller said of this file; never changes after intake. */
export const fileInputSchema = z.object({
  name: z.string(),
  customId: z.string().nullable(),
  source: sourceSchema,
  instructions: z.array(z.string()).nullable(),
  assets: z.array(sourceSchema),
  metadata: z.record(z.string(), z.unknown()),
  destination: z.object({ putUrl: z.string() }).nullable(),
});
export type FileInput = z.infer<typeof fileInputSchema>;

/** The whole file as `decide` sees it: what moves, and what it was asked for (the batch's share resolved). */
export interface FileRecord extends FileProgress {
  readonly id: string;
  readonly batchId: string;
  readonly index: number;
  readonly input: FileInput;
  readonly instructions: readonly string[];
  /** The batch's assets first, then the file's own. */
  readonly assets: readonly Source[];
}
