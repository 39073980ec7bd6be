/** What a caller does to a batch as a whole: cancel, pause, resume, retry. Each is a mark, worked off after the answer. */
import { markBatch, type BulkAction, type BulkArguments } from '../shared/bulk.ts';
import { readBatch, type StoredBatch } from '../shared/read-batch.ts';
import type { BatchView } from '../shared/to-batch-resource.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import type { Background } from './background.ts';
import {
  batchParams,
  batchSchema,
  emptyRequestSchema,
  resumeRequestSchema,
  retryRequestSchema,
} from './batches.schema.ts';
import { judgeRetry } from './judge-retry.ts';
import { conflict, notFound } from './refused-error.ts';
import { problems } from './responses.ts';
import { toBatch } from './show-batch.ts';
import { visibleBatch } from './visible.ts';

const response = {
  202: batchSchema.describe('The batch as it is now; the files follow within seconds.'),
  ...problems(400, 403, 404, 409, 415, 422),
};
const schemaOf = (summary: string) => ({ tags: ['batches'], summary, params: batchParams, response });

export function addBatchActionRoutes(app: Api, ctx: ApiContext, background: Background): void {
  app.post(
    '/batches/:id/cancel',
    { schema: { ...schemaOf('End every file that has not ended'), body: emptyRequestSchema } },
    async (request, reply) => {
      const batch = await visibleBatch(ctx, request, request.params.id);
      return reply.code(202).send(await act(ctx, background, batch, 'cancel', {}));
    },
  );
  app.post(
    '/batches/:id/pause',
    { schema: { ...schemaOf('Begin nothing new; what runs may end'), body: emptyRequestSchema } },
    async (request, reply) => {
      const batch = await visibleBatch(ctx, request, request.params.id);
      return reply.code(202).send(await act(ctx, background, batch, 'pause', {}));
    },
  );
  app.post(
    '/batches/:id/resume',
    { schema: { ...schemaOf('Go on after a pause, or with another `max_credits`'), body: resumeRequestSchema } },
    async (request, reply) => {
      const batch = await visibleBatch(ctx, request, request.params.id);
      const maxCredits = request.body?.max_credits;
      const resumed = await act(ctx, background, batch, 'resume', maxCredits == null ? {} : { maxCredits });
      return reply.code(202).send(resumed);
    },
  );
  app.post(
    '/batches/:id/retry',
    { schema: { ...schemaOf('Failed files again, all or these, from their failed step'), body: retryRequestSchema } },
    async (request, reply) => {
      const batch = await visibleBatch(ctx, request, request.params.id);
      const indexes = await judgeRetry(ctx, batch, request.body);
      // None of the named files has failed: nothing to do, and no round to reopen for it.
      const isDone = indexes !== undefined && indexes.length === 0;
      if (isDone && !isCanceled(batch)) return reply.code(202).send(toBatch(ctx, batch));
      const args = indexes === undefined ? {} : { indexes };
      return reply.code(202).send(await act(ctx, background, batch, 'retry', args));
    },
  );
}

const isCanceled = ({ progress }: StoredBatch): boolean => progress.canceledRound === progress.round;

async function act(
  ctx: ApiContext,
  background: Background,
  { id }: StoredBatch,
  action: BulkAction,
  args: BulkArguments,
): Promise<BatchView> {
  const marked = await markBatch(ctx, id, action, args);
  if (marked.kind === 'missing') throw notFound('batch');
  if (marked.kind === 'conflict') throw refusal(action, marked.why);
  if (marked.hasWork) background.workOff(id);
  const batch = await readBatch(ctx, id);
  if (batch === null) throw notFound('batch');
  return toBatch(ctx, batch);
}

function refusal(action: BulkAction, why: 'ended' | 'canceled'): Error {
  return why === 'ended'
    ? conflict('batch_ended', `The batch has ended: there is nothing to ${action}.`)
    : conflict('batch_canceled', `The batch is canceled: there is no ${action} any more.`);
}
