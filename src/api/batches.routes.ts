/** Batches: make one, list them, read one, act on one as a whole. */
import { listBatches } from '../shared/list-batches.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { tenantOf } from './auth.ts';
import {
  acceptedBatchSchema,
  batchListQuery,
  batchPageSchema,
  batchParams,
  batchRequestSchema,
  batchSchema,
  dryRunSchema,
} from './batches.schema.ts';
import { createBatch } from './create-batch.ts';
import { readPlaceCursor, toPlaceCursor } from './cursor.ts';
import { idempotencyHeaders } from './idempotency.ts';
import { createKnownBalance } from './known-balance.ts';
import type { LiveFeed } from './live-feed.ts';
import { notModified, problems } from './responses.ts';
import { sendTagged } from './send-tagged.ts';
import { toBatch } from './show-batch.ts';
import { visibleBatch } from './visible.ts';
import { createEndWaiter, preferHeader } from './wait-for-end.ts';

export function addBatchRoutes(app: Api, ctx: ApiContext, feed: LiveFeed): void {
  const parts = { balance: createKnownBalance(ctx), waiter: createEndWaiter(ctx, feed) };
  app.post(
    '/batches',
    {
      config: { judgesBody: true },
      attachValidation: true,
      schema: {
        tags: ['batches'],
        summary: 'Take in many files with one request',
        headers: idempotencyHeaders.extend({ prefer: preferHeader }),
        body: batchRequestSchema,
        response: {
          200: dryRunSchema.describe('`dry_run`: nothing was stored.'),
          202: acceptedBatchSchema.describe('Accepted and kept; `Location` is its URL.'),
          ...problems(400, 403, 409, 413, 415, 422),
        },
      },
    },
    (request, reply) => createBatch(ctx, parts, request, reply),
  );
  app.get(
    '/batches',
    {
      schema: {
        tags: ['batches'],
        summary: 'Batches, newest first',
        querystring: batchListQuery,
        response: { 200: batchPageSchema, ...problems(400) },
      },
    },
    async (request) => {
      const { status = null, limit, cursor } = request.query;
      const after = readPlaceCursor(cursor);
      const { batches, next } = await listBatches(ctx, { tenant: tenantOf(request.caller), status, limit, after });
      const data = batches.map((batch) => toBatch(ctx, batch));
      return { data, next_cursor: toPlaceCursor(next) };
    },
  );
  app.get(
    '/batches/:id',
    {
      exposeHeadRoute: true,
      schema: {
        tags: ['batches'],
        summary: 'One batch',
        params: batchParams,
        response: { 200: batchSchema, ...notModified, ...problems(404) },
      },
    },
    async (request, reply) =>
      sendTagged(request, reply, toBatch(ctx, await visibleBatch(ctx, request, request.params.id))),
  );
}
