/** JSON bodies are kept as text beside their value: a render compares drafts by their text. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Refusal } from './refusal.ts';

export interface JsonBody {
  readonly text: string;
  readonly value: unknown;
}

export function addJsonBodies(app: FastifyInstance): void {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body);
    try {
      done(null, { text, value: text === '' ? {} : JSON.parse(text) } satisfies JsonBody);
    } catch {
      // What is not JSON is the caller's mistake, said as such.
      done(new Refusal(400, 'the body is not JSON'));
    }
  });
}

export function bodyOf(request: FastifyRequest): JsonBody {
  const body = request.body as JsonBody | undefined | null;
  return body?.text === undefined ? { text: '', value: {} } : body;
}

/** The body as this schema reads it, or 400 with what is wrong. */
export function jsonOf<S extends z.ZodType>(request: FastifyRequest, schema: S): z.output<S> {
  const result = schema.safeParse(bodyOf(request).value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Refusal(400, problems.join('; '));
}
