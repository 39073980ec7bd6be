/** What a batch looks like from outside: the request that makes one, and the resource (design §7). Shape only. */
import { z } from 'zod';
import { batchStatuses, webhookEvents } from '../shared/domain/batch.ts';
import { blockReasons, fileStatuses } from '../shared/domain/file-state.ts';
import { pageOf, pageQuery } from './page.schema.ts';
import {
  assetList,
  customId,
  fileName,
  instructionList,
  lineText,
  metadata,
  sourceRequest,
  urlText,
  webhookSecret,
} from './request-parts.schema.ts';

export const fileRequestSchema = z
  .strictObject({
    source: sourceRequest,
    name: fileName.nullish().describe('Shown everywhere; taken from the source without it.'),
    custom_id: customId.nullish().describe('Yours; unique within the batch.'),
    instructions: instructionList.nullish().describe("Replaces the batch's; absent or null: the batch's."),
    assets: assetList.nullish().describe("Added to the batch's."),
    metadata: metadata.nullish(),
    destination: z
      .strictObject({ put_url: urlText })
      .nullish()
      .describe('The output is PUT here (a presigned URL) before the file counts as completed.'),
  })
  .meta({ id: 'FileRequest' });
export type FileRequest = z.infer<typeof fileRequestSchema>;

export const batchRequestSchema = z
  .strictObject({
    name: lineText(200).nullish(),
    instructions: instructionList.nullish().describe('In order, each sent once; for every file without its own.'),
    language: z
      .string()
      .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language tag such as en or zh-CN')
      .nullish()
      .describe('Of the upstream session; `en` without it.'),
    assets: assetList.nullish().describe('Uploaded into every session (a logo, a song).'),
    output: z.strictObject({ format: z.literal('mp4').optional(), quality: z.literal('high').optional() }).nullish(),
    max_sessions: z.int().min(1).max(50_000).nullish().describe('Edit in that many lanes, each one upstream session.'),
    order: z.enum(['as_given', 'longest_first']).nullish(),
    max_credits: z.int().min(0).nullish().describe('No new session is begun beyond this.'),
    metadata: metadata.nullish(),
    dry_run: z.boolean().nullish().describe('Answers 200 with the estimate and stores nothing.'),
    webhook: z
      .strictObject({
        url: urlText,
        secret: webhookSecret.nullish().describe('Without it deliveries are not signed.'),
        events: z.array(z.enum(webhookEvents)).min(1).max(20).nullish().describe('Without it: every `batch.*`.'),
      })
      .nullish(),
    files: z.array(fileRequestSchema).min(1),
  })
  .meta({ id: 'BatchRequest' });
export type BatchRequest = z.infer<typeof batchRequestSchema>;

const warningSchema = z
  .object({
    code: z.string(),
    detail: z.string(),
    pointer: z.string().nullable().describe('Where in the request; null: the request as a whole.'),
  })
  .meta({ id: 'Warning', description: 'Accepted all the same.' });
export type Warning = z.infer<typeof warningSchema>;

const time = z.iso.datetime();
const countsShape = Object.fromEntries(fileStatuses.map((status) => [status, z.int()])) as Record<
  (typeof fileStatuses)[number],
  z.ZodInt
>;

const etaSchema = z
  .object({ seconds: z.number(), low: z.number(), high: z.number() })
  .meta({ id: 'Eta', description: 'Seconds from now; `low` and `high` bound it.' });

export const batchSchema = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    status: z.enum(batchStatuses),
    round: z.int().describe('From 1; a retry or a message after the end begins the next one.'),
    blocked: z.object({ reason: z.enum(blockReasons), help_url: z.string().nullable() }).nullable(),
    counts: z.object({ total: z.int(), ...countsShape }),
    credits: z.object({
      estimated: z.number(),
      spent: z.number(),
      spent_is: z.enum(['measured', 'estimated']),
    }),
    metadata: z.record(z.string(), z.unknown()),
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
    eta: etaSchema.nullable(),
    links: z.object({ self: z.string(), files: z.string(), results: z.string(), events: z.string() }),
  })
  .meta({ id: 'Batch' });
export type BatchResource = z.infer<typeof batchSchema>;

export const acceptedBatchSchema = batchSchema
  .extend({ warnings: z.array(warningSchema) })
  .meta({ id: 'AcceptedBatch' });
export type AcceptedBatch = z.infer<typeof acceptedBatchSchema>;

export const dryRunSchema = z
  .object({
    estimate: z.object({ files: z.int(), sessions: z.int(), credits: z.number(), available: z.number().nullable() }),
    eta: etaSchema.nullable(),
    problems: z.array(warningSchema).describe('What would keep the batch from ending (credits that do not suffice).'),
    warnings: z.array(warningSchema),
  })
  .meta({ id: 'DryRun' });
export type DryRun = z.infer<typeof dryRunSchema>;

export const batchPageSchema = pageOf(batchSchema).meta({ id: 'BatchPage' });
export const batchListQuery = z.strictObject({ ...pageQuery, status: z.enum(batchStatuses).optional() });
export const batchParams = z.object({ id: z.string() });

/** Body of `retry`: absent, `{}` or lists. */
export const retryRequestSchema = z
  .strictObject({
    file_ids: z.array(z.string().max(100)).min(1).max(50_000).nullish().describe('Only these; without lists: all.'),
    files: z
      .array(z.strictObject({ id: z.string().max(100), destination: z.strictObject({ put_url: urlText }).nullish() }))
      .min(1)
      .max(50_000)
      .nullish()
      .describe('These, too, each to a new `destination` where one is given.'),
  })
  .nullish();
export type RetryRequest = z.infer<typeof retryRequestSchema>;
export const resumeRequestSchema = z.strictObject({ max_credits: z.int().min(0).nullish() }).nullish();
/** Body of `cancel` and `pause`: absent or `{}`. */
export const emptyRequestSchema = z.strictObject({}).nullish();
