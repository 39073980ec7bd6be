/**
 * What goes with every answer and belongs to no resource: limits of a key, compression, other origins. Each off or on by
 * the settings; none of them may touch an event stream.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:zlib';
import { fastifyCompress } from '@fastify/compress';
import type { FastifyRequest } from 'fastify';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { RefusedError } from './refused-error.ts';

const windowMs = 60_000;
/** Below this an answer is one packet anyway. */
const compressedFromBytes = 1024;
/** A file at 4 costs a tenth of what the default (11) does, for a few per cent. */
const brotliQuality = 4;
/** Video is compressed already; event streams must not wait in a compressor. */
const compressible = /^(?:text\/(?!event-stream)|application\/(?:json|problem\+json|x-ndjson|schema\+json))/;

const allowedHeaders = [
  'authorization',
  'content-type',
  'content-disposition',
  'idempotency-key',
  'if-none-match',
  'last-event-id',
  'prefer',
  'range',
  'traceparent',
  'x-request-id',
];
const exposedHeaders = [
  'content-disposition',
  'content-range',
  'etag',
  'idempotent-replayed',
  'location',
  'preference-applied',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
  'x-request-id',
];

/** Before the hook that asks for a key: a browser's preflight brings none. */
export async function allowOrigins(app: Api, { config }: ApiContext): Promise<void> {
  if (config.apiCorsOrigins.length === 0) return;
  const { fastifyCors } = await import('@fastify/cors');
  const isAny = config.apiCorsOrigins.includes('*');
  await app.register(fastifyCors, {
    origin: isAny ? '*' : [...config.apiCorsOrigins],
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders,
    exposedHeaders,
    maxAge: 600,
  });
}

export async function addManners(app: Api, ctx: ApiContext): Promise<void> {
  await app.register(fastifyCompress, {
    encodings: ['br', 'gzip'],
    threshold: compressedFromBytes,
    customTypes: compressible,
    // Bodies of requests are taken as they are: a small one could unfold to any size.
    globalDecompression: false,
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } },
  });
  if (ctx.config.apiRateLimit === null) return;
  const { fastifyRateLimit } = await import('@fastify/rate-limit');
  await app.register(fastifyRateLimit, {
    max: ctx.config.apiRateLimit,
    timeWindow: windowMs,
    redis: ctx.redis,
    nameSpace: ctx.keys.rateLimit(''),
    // Redis being away is told by what comes after.
    skipOnError: true,
    enableDraftSpec: true,
    keyGenerator: keyOf,
    allowList: (request) => request.routeOptions.config.public === true,
    errorResponseBuilder: (_request, { max, after }) =>
      new RefusedError({
        status: 429,
        code: 'too_many_requests',
        detail: `This key may make ${max} requests a minute; try again in ${after}.`,
      }),
  });
}

/** A hash: keys of callers belong into no key of Redis. */
function keyOf({ headers, caller }: FastifyRequest): string {
  const { authorization } = headers;
  return authorization === undefined
    ? caller.tenant
    : createHash('sha256').update(authorization).digest('hex').slice(0, 32);
}
