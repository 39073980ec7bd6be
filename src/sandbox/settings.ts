/** What can be set about the sandbox: at start (options) and while it runs (settings, by `POST /admin/config`). */
import { z } from 'zod';

/** The seed's limit of one file: 500 MB. */
const MAX_FILE_BYTES = 500 * 1024 * 1024;

/** All of these may change at run time. `timeScale` 0 stands for "instant" (JSON has no Infinity). */
export const settingsSchema = z.object({
  timeScale: z
    .number()
    .min(0)
    .or(z.literal(Number.POSITIVE_INFINITY))
    .transform((scale) => (Number.isFinite(scale) ? scale : 0))
    .default(1),
  dialect: z.enum(['A', 'B', 'C']).default('B'),
  renderShape: z.enum(['T', 'L', 'mixed']).default('T'),
  stateShape: z.enum(['nested', 'data', 'top']).default('nested'),
  /** Where 1001, 1002, 2001, 4001 and 4002 show: an envelope at HTTP 200, a bare HTTP status, or both. */
  codeIn: z.enum(['body', 'status', 'both']).default('body'),
  /** Share of edits that are applied without a word (seed: about 30 %); 0 by default, so that tests see text. */
  silentRate: z.number().min(0).max(1).default(0),
  /** Whether "generate a clip of …" makes a clip (for 100 credits) or is asked back. */
  generation: z.boolean().default(false),
  /** Renders hand the source's bytes back instead of encoding; no ffmpeg is started at all. */
  copy: z.boolean().default(false),
  /** Credits of a new anonymous token (seed: 100). */
  credits: z.number().int().min(0).default(100),
  requireAttribution: z.boolean().default(true),
  sessionIdAs: z.enum(['string', 'number']).default('string'),
  /** One anonymous token a client id in 7 days; a second one is refused with 429. */
  weeklyQuota: z.boolean().default(false),
  /** Whether a render id sent twice is refused (409) or answered with the job that exists. */
  duplicateRender: z.enum(['existing', 'error']).default('existing'),
  /** Answer 429 beyond this many calls in one second; null: no limit. */
  maxCallsPerSecond: z.number().positive().nullable().default(null),
  /** Answer 429 when this many turns are open already; null: no limit. */
  maxOpenTurns: z.number().int().positive().nullable().default(null),
  maxFileBytes: z.number().int().positive().default(MAX_FILE_BYTES),
  /** Sessions untouched for this long answer 1002 (in real time, not scaled); null: never. */
  sessionIdleMs: z.number().positive().nullable().default(null),
});
export type Settings = z.output<typeof settingsSchema>;

export const optionsSchema = settingsSchema.extend({
  /** 0: any free port. */
  port: z.number().int().min(0).max(65535).default(0),
  host: z.string().default('127.0.0.1'),
  /** Where media and outputs lie. Absent: a folder in the system's temp that is deleted on close. */
  dataDir: z.string().nullable().default(null),
  seed: z.number().int().default(1),
  /** Registered tokens that work without asking for one. */
  tokens: z.array(z.object({ token: z.string().min(1), credits: z.number().int().min(0) })).default([]),
  logLevel: z.string().nullable().default(null),
});
export type SandboxOptions = z.input<typeof optionsSchema>;
export type ResolvedOptions = z.output<typeof optionsSchema>;
