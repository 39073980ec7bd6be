/** What a file looks like from outside (design §7), and the messages that iterate on a finished one. Shape only. */
import { z } from 'zod';
import { errorCodes } from '../shared/domain/error-codes.ts';
import { fileStatuses, stepNames } from '../shared/domain/file-state.ts';
import { pageOf, pageQuery } from './page.schema.ts';
import { assetList, instruction } from './request-parts.schema.ts';

const time = z.iso.datetime();

const stepSchema = z
  .object({
    step: z.enum(stepNames),
    instruction: z.string().optional().describe('Its text; edits only.'),
    session_id: z.string().optional(),
    attempts: z.int(),
    started_at: time,
    finished_at: time.nullable(),
    reply: z.string().optional().describe("The upstream's words, up to 2 KB."),
    change: z.string().optional(),
    render_id: z.string().optional(),
    error: z.object({ code: z.enum(errorCodes), message: z.string(), upstream_code: z.number().nullable() }).optional(),
  })
  .meta({ id: 'Step' });

const waitReasons = ['slot', 'lane', 'rate_limit', 'credits', 'token', 'pause', 'recheck', 'upstream'] as const;

const timelineSchema = z.object({
  summary: z.string(),
  tracks: z.array(
    z.object({
      type: z.enum(['video', 'audio', 'text', 'other']),
      label: z.string(),
      name: z.string().nullable(),
      segments: z.int(),
      duration_ms: z.number().nullable(),
      volume_percent: z.number().nullable(),
    }),
  ),
});

export const fileSchema = z
  .object({
    id: z.string(),
    batch_id: z.string(),
    index: z.int().describe('From 0, in the order given.'),
    name: z.string(),
    custom_id: z.string().nullable(),
    status: z.enum(fileStatuses),
    waiting_for: z
      .object({
        reason: z.enum(waitReasons),
        until: time.nullable(),
        position: z.int().nullable().describe('Files in front of it, roughly.'),
        detail: z.string().nullable(),
      })
      .nullable()
      .describe('Why it does not move now.'),
    progress: z.number().min(0).max(100),
    instructions: z.array(z.string()),
    steps: z.array(stepSchema),
    session: z.object({ id: z.string(), open_url: z.string().nullable() }).nullable(),
    timeline: timelineSchema.nullable(),
    output: z
      .object({
        url: z.string(),
        format: z.literal('mp4'),
        duration_ms: z.number().nullable(),
        bytes: z.number().nullable(),
      })
      .nullable(),
    error: z
      .object({
        code: z.enum(errorCodes),
        step: z.enum(stepNames),
        message: z.string(),
        upstream_code: z.number().nullable(),
        retryable: z.boolean(),
        help_url: z.string().nullable(),
      })
      .nullable(),
    metadata: z.record(z.string(), z.unknown()),
    created_at: time,
    finished_at: time.nullable(),
  })
  .meta({ id: 'File' });
export type FileResource = z.infer<typeof fileSchema>;

export const filePageSchema = pageOf(fileSchema).meta({ id: 'FilePage' });
export const fileListQuery = z.strictObject({ ...pageQuery, status: z.enum(fileStatuses).optional() });
export const fileParams = z.object({ id: z.string(), file_id: z.string() });

/** At least one of the two. */
export const messageRequestSchema = z
  .strictObject({ text: instruction.nullish(), assets: assetList.nullish() })
  .meta({ id: 'MessageRequest' });

export const creditsAnswer = {
  available: z.number(),
  frozen: z.number().describe('Reserved by work that runs.'),
  total: z.number(),
  kind: z.enum(['anonymous', 'registered']).describe('Of the account; an anonymous one has a free starter token.'),
  help_url: z.string().describe('Where credits are had: the registration link (`?bind=`) of an anonymous account.'),
};

/** What the message was taken for, with the answer where there is one at once, else the file that works now. */
export const messageAnswerSchema = z
  .discriminatedUnion('action', [
    z.object({ action: z.literal('edit'), file: fileSchema }),
    z.object({ action: z.literal('upload'), file: fileSchema }),
    z.object({ action: z.literal('export'), file: fileSchema, output: fileSchema.shape.output }),
    z.object({ action: z.literal('credits'), credits: z.object(creditsAnswer) }),
    z.object({ action: z.literal('state'), timeline: fileSchema.shape.timeline }),
  ])
  .meta({ id: 'MessageAnswer' });
export type MessageAnswer = z.infer<typeof messageAnswerSchema>;
