/**
 * The one translator from errors to HTTP answers. What is ours to say is said; the text of anything unforeseen stays
 * in the log, under the request's id.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Context } from '../shared/context.ts';
import type { Problem } from './problem.schema.ts';
import { isRedisAway } from './redis-away.ts';
import { NewerRecordError } from '../shared/stored-file.ts';
import { RefusedError, type Refusal } from './refused-error.ts';
import { storeAway } from './refuse-without-store.ts';

export const problemType = 'application/problem+json';

/** What the framework refuses by itself, with our codes. */
const frameworkRefusals: Readonly<Record<string, Omit<Refusal, 'detail'> & { detail?: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'body_too_large', detail: 'The body is larger than 64 MB.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'unsupported_media_type',
    detail: 'Send the body as application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'invalid_content_length',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_BAD_URL: { status: 400, code: 'invalid_url_encoding', detail: 'The URL is not encoded properly.' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 404, code: 'not_found', detail: 'There is no such resource.' },
};

/** What can be told from the error alone; null: it takes a look at the store. */
export function toKnownRefusal(error: unknown): Refusal | null {
  if (error instanceof RefusedError) return error.refusal;
  if (error instanceof NewerRecordError) return newerRecord;
  const code = codeOf(error);
  const known = Object.hasOwn(frameworkRefusals, code) ? frameworkRefusals[code] : undefined;
  if (known !== undefined) return { detail: '', ...known };
  const status = statusOf(error);
  // Anything else that the framework calls the caller's fault: its status stands, its words may not be ours to send.
  if (status >= 400 && status < 500) return { status, code: 'bad_request', detail: 'The request is not acceptable.' };
  return null;
}

async function toRefusal(error: unknown, ctx: Pick<Context, 'redis' | 'watch'>): Promise<Refusal> {
  const known = toKnownRefusal(error);
  if (known !== null) return known;
  const isAway = ctx.watch.state() !== 'here' || (await isRedisAway(error, ctx.redis));
  return isAway ? storeAway : internalError;
}

/** Left alone here; the same request may reach a process of the newer release next time. */
const newerRecord: Refusal = {
  status: 503,
  code: 'newer_record',
  detail: 'A newer release of this service has written this record, and only a process of that can work with it.',
  headers: { 'retry-after': '10' },
};
export const internalError: Refusal = {
  status: 500,
  code: 'internal_error',
  detail: 'Something went wrong here. The log has it under request_id.',
};

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';

const statusOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;

function toProblem(refusal: Refusal, requestId: string): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[refusal.status] ?? 'Error',
    status: refusal.status,
    code: refusal.code,
    detail: refusal.detail,
    request_id: requestId,
    ...(refusal.errors === undefined ? {} : { errors: [...refusal.errors] }),
  };
}

export function sendProblem(reply: FastifyReply, request: FastifyRequest, refusal: Refusal): FastifyReply {
  const text = JSON.stringify(toProblem(refusal, request.id));
  for (const [name, value] of Object.entries(refusal.headers ?? {})) reply.header(name, value);
  // Text, so that no schema of a route gets to judge it.
  return reply.code(refusal.status).header('content-type', problemType).serializer(String).send(text);
}

export function answerError(ctx: Context) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const refusal = await toRefusal(error, ctx);
    if (refusal.status >= 500) request.log.error({ err: error, code: refusal.code }, 'request failed');
    return sendProblem(reply, request, refusal);
  };
}

/** 404 for what is unknown, 405 with `Allow` where only the method is. */
export function answerUnknownRoute(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set<string>();
    for (const one of [method].flat()) known.add(one);
    methods.set(url, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const allowed = [...methods].find(([pattern]) => matches(pattern, path))?.[1];
    // A route that is there and takes the method may still find no file to send.
    if (allowed === undefined || allowed.has(request.method)) {
      return sendProblem(reply, request, { status: 404, code: 'not_found', detail: 'There is nothing at this URL.' });
    }
    const headers = { allow: [...allowed].join(', ') };
    const detail = `This URL takes ${headers.allow}.`;
    return sendProblem(reply, request, { status: 405, code: 'method_not_allowed', detail, headers });
  });
}

/** Patterns of ours have whole segments only: `/batches/:id/files`. */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => part === given[at] || (part.startsWith(':') && given[at] !== ''))
  );
}
