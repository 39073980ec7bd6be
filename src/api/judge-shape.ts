/** Holds the body of a batch against its schema, files in chunks: 50,000 of them must not stop every other request. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { batchRequestSchema, fileRequestSchema, type BatchRequest, type FileRequest } from './batches.schema.ts';
import type { ProblemError } from './problem.schema.ts';
import { toProblemErrors } from './to-problem-errors.ts';

export interface JudgedShape {
  /** Null where there is an error. */
  readonly request: BatchRequest | null;
  readonly errors: readonly ProblemError[];
}

const chunkSize = 500;
const frameSchema = batchRequestSchema.omit({ files: true });
const chunkSchema = z.array(fileRequestSchema);

export async function judgeShape(body: unknown): Promise<JudgedShape> {
  const files = filesIn(body);
  // Without files in it, or no object at all: small, and judged as it is.
  if (files === null) return judgeWhole(body);
  const { files: _files, ...rest } = body as Record<string, unknown>;
  const frame = frameSchema.safeParse(rest);
  const errors = frame.success ? [] : toProblemErrors(frame.error, batchRequestSchema, 'body');
  const parsed: FileRequest[] = [];
  for (let first = 0; first < files.length; first += chunkSize) {
    const chunk = chunkSchema.safeParse(files.slice(first, first + chunkSize));
    if (chunk.success) parsed.push(...chunk.data);
    else errors.push(...toProblemErrors(inFiles(chunk.error, first), batchRequestSchema, 'body'));
    await nextTurn();
  }
  const isSound = frame.success && errors.length === 0;
  return { request: isSound ? { ...frame.data, files: parsed } : null, errors };
}

function judgeWhole(body: unknown): JudgedShape {
  const parsed = batchRequestSchema.safeParse(body);
  if (parsed.success) return { request: parsed.data, errors: [] };
  return { request: null, errors: toProblemErrors(parsed.error, batchRequestSchema, 'body') };
}

function filesIn(body: unknown): readonly unknown[] | null {
  if (typeof body !== 'object' || body === null || !('files' in body)) return null;
  return Array.isArray(body.files) && body.files.length > 0 ? (body.files as unknown[]) : null;
}

/** The same issues, as they would read in the whole body. */
function inFiles(error: z.ZodError, first: number): z.ZodError {
  const issues = error.issues.map((issue) => {
    const [at, ...path] = issue.path;
    return { ...issue, path: ['files', first + Number(at), ...path] };
  });
  return new z.ZodError(issues);
}
