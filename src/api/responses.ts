/** The error answers of a route, for its schema and the OpenAPI document. */
import { z } from 'zod';
import { problemType } from './problem.ts';
import { problemSchema } from './problem.schema.ts';

const meanings = {
  400: 'Not JSON, or a query, cursor or header that cannot be read.',
  401: 'No API key, or one that is not known.',
  403: 'The key may only read.',
  404: 'There is no such resource, or it is another tenant\u2019s.',
  409: 'The present state forbids it; `code` says why.',
  413: 'Too large.',
  415: 'The content type, or the type of the file, is not accepted.',
  416: 'The range cannot be satisfied.',
  408: 'The request did not come in time.',
  422: 'Every problem of the request, with a pointer each.',
  429: 'This key makes too many requests (API_RATE_LIMIT), or as many files as may wait are waiting; `Retry-After` says when to come again.',
  502: 'The upstream did not answer properly.',
  503: 'The store is not reachable, or the process is closing; `Retry-After` says when to come again.',
  507: 'There is no room for uploads now.',
} as const;
type Status = keyof typeof meanings;

/** 401, 429 and 503 go with every route that needs a key. */
export function problems(...statuses: readonly Status[]) {
  const entries = [...statuses, 401 as const, 429 as const, 503 as const].map((status) => [
    status,
    { description: meanings[status], content: { [problemType]: { schema: problemSchema } } },
  ]);
  return Object.fromEntries(entries) as Record<
    Status,
    { description: string; content: Record<string, { schema: z.ZodType }> }
  >;
}

/** For resources with an ETag. */
export const notModified = {
  // Null is how "no body" is told to the document.
  304: z.null().describe('Nothing has happened since the answer that `If-None-Match` names.'),
} as const;
