/** The calls on batches and their files. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import {
  acceptedBatchSchema,
  batchPageSchema,
  batchSchema,
  dryRunSchema,
  type batchRequestSchema,
} from '../../api/batches.schema.ts';
import {
  filePageSchema,
  fileSchema,
  messageAnswerSchema,
  type FileResource,
  type messageRequestSchema,
} from '../../api/files.schema.ts';
import { maxLimit } from '../../api/page.schema.ts';
import { call, type Connection } from './call.ts';
import { callJson } from './call-json.ts';
import { readEvents, type ReadEventsOptions } from './read-events.ts';
import { readLines } from './read-lines.ts';
import { unexpectedAnswer } from './to-service-error.ts';

/** As written by a caller: defaults left out. */
export type NewBatch = z.input<typeof batchRequestSchema>;
export type NewMessage = z.input<typeof messageRequestSchema>;

export interface PageRequest {
  readonly status?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export function batchCalls(connection: Connection) {
  return {
    create: (batch: Omit<NewBatch, 'dry_run'>) => postOnce(connection, '/batches', batch, acceptedBatchSchema),
    /** Estimate, time and problems of a batch; nothing is stored or started. */
    estimate: (batch: Omit<NewBatch, 'dry_run'>) =>
      postOnce(connection, '/batches', { ...batch, dry_run: true }, dryRunSchema),
    list: (page: PageRequest = {}) => get(connection, '/batches', batchPageSchema, page),
    get: (id: string) => get(connection, pathOf(id), batchSchema),
    files: (id: string, page: PageRequest = {}) => get(connection, `${pathOf(id)}/files`, filePageSchema, page),
    allFiles: (id: string, status?: string) => allFiles(connection, id, status),
    file: (id: string, fileId: string) => get(connection, filePath(id, fileId), fileSchema),
    results: (id: string) => readResults(connection, id),
    events: (id: string, options?: ReadEventsOptions) => readEvents(connection, id, options),
    cancel: (id: string) => act(connection, id, 'cancel', {}),
    pause: (id: string) => act(connection, id, 'pause', {}),
    resume: (id: string, maxCredits?: number) =>
      act(connection, id, 'resume', maxCredits === undefined ? {} : { max_credits: maxCredits }),
    retry: (id: string, fileIds?: readonly string[]) =>
      act(connection, id, 'retry', fileIds === undefined ? {} : { file_ids: fileIds }),
    message: (id: string, fileId: string, message: NewMessage) =>
      postOnce(connection, `${filePath(id, fileId)}/messages`, message, messageAnswerSchema),
  };
}

const pathOf = (id: string): string => `/batches/${encodeURIComponent(id)}`;
const filePath = (id: string, fileId: string): string => `${pathOf(id)}/files/${encodeURIComponent(fileId)}`;

function get<Schema extends z.ZodType>(
  connection: Connection,
  path: string,
  schema: Schema,
  page?: PageRequest,
): Promise<z.output<Schema>> {
  return callJson(connection, { method: 'GET', path, query: page && { ...page }, repeatable: true }, schema);
}

/** The key makes a repeat harmless: the service answers it with what the first call did. */
function postOnce<Schema extends z.ZodType>(
  connection: Connection,
  path: string,
  json: unknown,
  schema: Schema,
): Promise<z.output<Schema>> {
  const headers = { 'idempotency-key': randomUUID() };
  return callJson(connection, { method: 'POST', path, json, headers, repeatable: true }, schema);
}

function act(connection: Connection, id: string, action: string, json: unknown) {
  return callJson(
    connection,
    { method: 'POST', path: `${pathOf(id)}/${action}`, json, repeatable: false },
    batchSchema,
  );
}

async function* allFiles(connection: Connection, id: string, status?: string): AsyncGenerator<FileResource> {
  let cursor: string | undefined;
  do {
    const page = await get(connection, `${pathOf(id)}/files`, filePageSchema, { status, cursor, limit: maxLimit });
    yield* page.data;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** NDJSON, one file a line, however many there are. */
async function* readResults(connection: Connection, id: string): AsyncGenerator<FileResource> {
  const answer = await call(connection, {
    method: 'GET',
    path: `${pathOf(id)}/results`,
    headers: { accept: 'application/x-ndjson' },
    repeatable: true,
  });
  for await (const line of readLines(connection, answer.body)) {
    const file = fileSchema.safeParse(parseLine(line));
    if (!file.success) throw unexpectedAnswer(answer.statusCode, file.error);
    yield file.data;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Judged by the schema, which refuses it.
    return undefined;
  }
}
