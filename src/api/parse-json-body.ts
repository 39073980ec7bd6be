/**
 * Reads a JSON body: strict UTF-8, JSON. What checkJson finds in it is kept with the request, to be told together
 * with the faults of shape. An empty body is no body.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { checkJson } from './check-json.ts';
import type { ProblemError } from './problem.schema.ts';
import { RefusedError } from './refused-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    bodyFaults: readonly ProblemError[];
  }
}

/** 50,000 files with URLs of their own fit. */
export const maxBodyBytes = 64 * 1024 * 1024;

export function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJsonBody);
}

async function parseJsonBody(request: FastifyRequest, body: Buffer): Promise<unknown> {
  if (body.length === 0) return undefined;
  await request.takeTurn(body.length);
  const parsed = parse(decode(body));
  request.bodyFaults = await checkJson(parsed);
  return parsed;
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw notJson('The body is not UTF-8.', error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson('The body is not JSON.', error);
  }
}

const notJson = (detail: string, cause: unknown): RefusedError =>
  new RefusedError(
    { status: 400, code: 'invalid_json', detail, errors: [{ pointer: '#', code: 'invalid_json', detail }] },
    { cause },
  );
