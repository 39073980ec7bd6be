/** The log of webhook deliveries, sending one again, and trying a receiver out. */
import { readBatch } from '../shared/read-batch.ts';
import { listDeliveries } from '../shared/webhook/list-deliveries.ts';
import { redeliver } from '../shared/webhook/redeliver.ts';
import { sendTest } from '../shared/webhook/send-test.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { tenantOf } from './auth.ts';
import { badCursor, readIdCursor, toIdCursor } from './cursor.ts';
import {
  deliveryListQuery,
  deliveryPageSchema,
  deliveryParams,
  deliverySchema,
  webhookTestRequestSchema,
  webhookTestSchema,
} from './deliveries.schema.ts';
import { emptyRequestSchema } from './batches.schema.ts';
import { judgeUrl } from './judge-batch.ts';
import { RefusedError, invalid, notFound } from './refused-error.ts';
import { problems } from './responses.ts';

export function addDeliveryRoutes(app: Api, ctx: ApiContext): void {
  app.get(
    '/webhook-deliveries',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Deliveries with their attempts, newest first',
        querystring: deliveryListQuery,
        response: { 200: deliveryPageSchema, ...problems(400, 404) },
      },
    },
    async (request) => {
      const { batch_id: batchId, cursor, limit, status } = request.query;
      const tenant = tenantOf(request.caller);
      if (batchId !== undefined && !(await isVisible(batchId, tenant))) throw notFound('batch');
      const page = await listDeliveries(ctx, { tenant, status, batchId, limit, cursor: readIdCursor(cursor) });
      if (page.kind === 'unknown_cursor') throw badCursor();
      return {
        data: [...page.data].map((row) => ({ ...row, attempts: [...row.attempts] })),
        next_cursor: toIdCursor(page.nextCursor),
      };
    },
  );
  const isVisible = async (batchId: string, tenant: string | null): Promise<boolean> => {
    const batch = await readBatch(ctx, batchId);
    return batch !== null && (tenant === null || tenant === batch.tenant);
  };
  app.post(
    '/webhook-deliveries/:id/redeliver',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Send a delivery again, under the same id',
        params: deliveryParams,
        body: emptyRequestSchema,
        response: { 202: deliverySchema, ...problems(400, 403, 404, 415, 422) },
      },
    },
    async (request, reply) => {
      const delivery = await redeliver(ctx, request.params.id, tenantOf(request.caller));
      if (delivery === null) throw notFound('delivery');
      return reply.code(202).send({ ...delivery, attempts: [...delivery.attempts] });
    },
  );
  app.post(
    '/webhooks/test',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Send one signed `webhook.test` event, to try a receiver out',
        body: webhookTestRequestSchema,
        response: { 200: webhookTestSchema, ...problems(400, 403, 415, 422) },
      },
    },
    async (request) => {
      const { url, secret } = request.body;
      const errors = judgeUrl(url, ['url'], { allowPrivate: ctx.config.webhookAllowPrivate });
      if (errors.length > 0) throw invalid(errors);
      const result = await sendTest(ctx, { url, secret: secret ?? null });
      if (result === null)
        throw new RefusedError({ status: 503, code: 'unavailable', detail: 'The service is stopping.' });
      return result;
    },
  );
}
