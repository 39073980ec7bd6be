/** The calls on batches and their files. */
import { v4 as randomId } from 'uuid';
import type { z } from 'zod';
import {
  acceptedBatchSchema,
  batchPageSchema,
  batchSchema,
  dryRunSchema,
  type BatchResource,
  type batchListQuery,
  type batchRequestSchema,
  type resumeRequestSchema,
  type retryRequestSchema,
} from '../api/batches.schema.ts';
import {
  filePageSchema,
  fileSchema,
  messageAnswerSchema,
  type fileListQuery,
  type FileResource,
  type messageRequestSchema,
} from '../api/files.schema.ts';
import { callJson } from './call-json.ts';
import type { CallOptions, Connection } from './connection.ts';
import { openContent, type ContentOptions } from './content.ts';
import { toPages, type Pages } from './pages.ts';
import { readEvents, type ReadEventsOptions } from './read-events.ts';
import { readResults } from './read-results.ts';
import { waitForBatch, type WaitOptions } from './wait-for-batch.ts';

/** As written by a caller: defaults left out. */
export type NewBatch = Omit<z.input<typeof batchRequestSchema>, 'dry_run'>;
export type NewMessage = z.input<typeof messageRequestSchema>;
export type RetryRequest = NonNullable<z.input<typeof retryRequestSchema>>;
export type ResumeRequest = NonNullable<z.input<typeof resumeRequestSchema>>;

type FilterOf<Query extends { readonly status?: unknown }> = CallOptions & {
  readonly status?: Query['status'] | undefined;
  /** Rows of a page, 1 to 1000. */
  readonly limit?: number | undefined;
  /** `next_cursor` of a page: goes on after it. */
  readonly cursor?: string | undefined;
};
export type BatchFilter = FilterOf<z.output<typeof batchListQuery>>;
export type FileFilter = FilterOf<z.output<typeof fileListQuery>>;

export interface CreateOptions extends CallOptions {
  /** Your own, where a call may be made again by another process; made anew for each call without it. */
  readonly idempotencyKey?: string | undefined;
}

export function batchCalls(connection: Connection) {
  const content = (id: string, fileId: string, options?: ContentOptions) =>
    openContent(connection, `${filePath(id, fileId)}/content`, options);
  return {
    /** Repeated through faults under one Idempotency-Key: it never makes two. */
    create: (batch: NewBatch, options: CreateOptions = {}) =>
      postOnce(connection, '/batches', batch, acceptedBatchSchema, options),
    /** Estimate, time and problems of a batch; nothing is stored or started. */
    estimate: (batch: NewBatch, options: CreateOptions = {}) =>
      postOnce(connection, '/batches', { ...batch, dry_run: true }, dryRunSchema, options),
    /** Newest first. */
    list: (filter: BatchFilter = {}): Pages<BatchResource> =>
      toPages((cursor) => get(connection, '/batches', batchPageSchema, withCursor(filter, cursor))),
    get: (id: string, options: CallOptions = {}) => get(connection, pathOf(id), batchSchema, options),
    /** In the order given. */
    files: (id: string, filter: FileFilter = {}): Pages<FileResource> =>
      toPages((cursor) => get(connection, `${pathOf(id)}/files`, filePageSchema, withCursor(filter, cursor))),
    file: (id: string, fileId: string, options: CallOptions = {}) =>
      get(connection, filePath(id, fileId), fileSchema, options),
    content,
    /** Every file, in the order given, in one streamed answer; readable before the batch ends. */
    results: (id: string, options: CallOptions = {}) => readResults(connection, `${pathOf(id)}/results`, options),
    /** Begins with a snapshot, comes back by itself after a cut, and never ends: leave the loop when you have enough. */
    events: (id: string, options?: ReadEventsOptions) => readEvents(connection, id, options),
    /** The batch as it ended: completed, failed or canceled. */
    wait: (id: string, options?: WaitOptions) => waitForBatch(connection, id, options),
    cancel: (id: string, options: CallOptions = {}) => act(connection, `${pathOf(id)}/cancel`, {}, options),
    pause: (id: string, options: CallOptions = {}) => act(connection, `${pathOf(id)}/pause`, {}, options),
    resume: (id: string, request: ResumeRequest = {}, options: CallOptions = {}) =>
      act(connection, `${pathOf(id)}/resume`, request, options),
    /** Failed files, all or those named, from the step that failed. */
    retry: (id: string, request: RetryRequest = {}, options: CallOptions = {}) =>
      act(connection, `${pathOf(id)}/retry`, request, options),
    /** Changes a finished file some more, or asks about it. Repeated as `create` is. */
    message: (id: string, fileId: string, message: NewMessage, options: CreateOptions = {}) =>
      postOnce(connection, `${filePath(id, fileId)}/messages`, message, messageAnswerSchema, options),
  };
}

const pathOf = (id: string): string => `/batches/${encodeURIComponent(id)}`;
const filePath = (id: string, fileId: string): string => `${pathOf(id)}/files/${encodeURIComponent(fileId)}`;

const withCursor = <Filter extends BatchFilter | FileFilter>(filter: Filter, cursor: string | undefined): Filter =>
  cursor === undefined ? filter : { ...filter, cursor };

function get<Schema extends z.ZodType>(
  connection: Connection,
  path: string,
  schema: Schema,
  { signal, ...query }: BatchFilter | FileFilter,
): Promise<z.output<Schema>> {
  return callJson(connection, { method: 'GET', path, query, repeatable: true, signal }, schema);
}

/** The key makes a repeat harmless: the service answers it with what the first call did. */
function postOnce<Schema extends z.ZodType>(
  connection: Connection,
  path: string,
  json: unknown,
  schema: Schema,
  { idempotencyKey = randomId(), signal }: CreateOptions,
): Promise<z.output<Schema>> {
  const headers = { 'idempotency-key': idempotencyKey };
  return callJson(connection, { method: 'POST', path, json, headers, repeatable: true, signal }, schema);
}

/** Without a key, so never repeated: a retry that was lost on the way back may have been paid already. */
function act(connection: Connection, path: string, json: unknown, { signal }: CallOptions): Promise<BatchResource> {
  return callJson(connection, { method: 'POST', path, json, repeatable: false, signal }, batchSchema);
}
