/** A refusal as answered → ServiceError. Anything that is no problem+json (a proxy's page) still becomes one. */
import type { z } from 'zod';
import { problemSchema } from '../api/problem.schema.ts';
import type { Answer } from './answer.ts';
import { readText } from './read-text.ts';
import { ServiceError, type Refusal } from './service-error.ts';

/** Only code and detail are needed; a service that is newer or older than this client may say more or less. */
const toleratedSchema = problemSchema.partial({ type: true, title: true, request_id: true }).omit({ status: true });
/** A problem of a batch of 50,000 files may list as many errors. */
const maxProblemBytes = 32 * 1024 * 1024;

export async function toServiceError(answer: Answer): Promise<ServiceError> {
  const { status } = answer;
  const problem = toleratedSchema.safeParse(await readJson(answer));
  const { code, detail, errors, type, title, request_id } = problem.success ? problem.data : unknownProblem(status);
  return new ServiceError({
    ...emptyRefusal(status, code, detail),
    type: type ?? 'about:blank',
    title: title ?? '',
    requestId: request_id ?? answer.headers.get('x-request-id'),
    errors: errors ?? [],
    retryAfterMs: readRetryAfter(answer.headers.get('retry-after')),
  });
}

export function unexpectedAnswer(status: number, cause?: unknown): ServiceError {
  const detail = 'The answer is not one of batch-video: another program, or another version of it, may listen there.';
  return new ServiceError(emptyRefusal(status, 'unexpected_answer', detail), cause);
}

function emptyRefusal(status: number, code: string, detail: string): Refusal {
  return { status, code, detail, type: 'about:blank', title: '', requestId: null, errors: [], retryAfterMs: null };
}

function unknownProblem(status: number): z.output<typeof toleratedSchema> {
  return { code: `http_${status}`, detail: `The service answered with status ${status}.` };
}

async function readJson(answer: Answer): Promise<unknown> {
  try {
    return JSON.parse((await readText(answer, maxProblemBytes)) ?? '');
  } catch {
    // Cut or not JSON: the status alone has to tell.
    return null;
  }
}

/** Seconds, or a date (a proxy's). */
function readRetryAfter(text: string | null): number | null {
  if (text === null) return null;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
