/** A refusal as answered → ServiceError. Anything that is no problem+json (a proxy's page) still becomes one. */
import type { Dispatcher } from 'undici';
import { problemSchema } from '../../api/problem.schema.ts';
import { ServiceError } from './service-error.ts';

/** Only what is shown is needed; a service that is newer or older than this client may say more or less. */
const toleratedSchema = problemSchema.pick({ code: true, detail: true, errors: true });
/** A problem of a batch of 50,000 files may list as many errors. */
const maxProblemBytes = 32 * 1024 * 1024;

export async function toServiceError(answer: Dispatcher.ResponseData): Promise<ServiceError> {
  const status = answer.statusCode;
  const problem = toleratedSchema.safeParse(await readJson(answer));
  const { code, detail, errors = [] } = problem.success ? problem.data : unknownProblem(status);
  return new ServiceError({ status, code, detail, errors, retryAfterMs: readRetryAfter(answer) });
}

export function unexpectedAnswer(status: number, cause?: unknown): ServiceError {
  const detail = 'The answer is not one of batch-video: another program, or another version of it, may listen there.';
  return new ServiceError({ status, code: 'unexpected_answer', detail, errors: [], retryAfterMs: null }, cause);
}

function unknownProblem(status: number): { code: string; detail: string; errors?: [] } {
  return { code: `http_${status}`, detail: `The service answered with status ${status}.` };
}

async function readJson(answer: Dispatcher.ResponseData): Promise<unknown> {
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxProblemBytes) return null;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // Cut or not JSON: the status alone has to tell.
    return null;
  }
}

function readRetryAfter(answer: Dispatcher.ResponseData): number | null {
  const seconds = Number(answer.headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
