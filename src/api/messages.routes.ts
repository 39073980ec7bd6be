/** POST /batches/:id/files/:file_id/messages: iterate on a finished file. */
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { fileParams, messageAnswerSchema, messageRequestSchema } from './files.schema.ts';
import { idempotencyHeaders } from './idempotency.ts';
import { answerOnce } from './answer-once.ts';
import { judgeMessage } from './judge-message.ts';
import { problems } from './responses.ts';
import { takeMessage } from './take-message.ts';
import { visibleFile } from './visible.ts';

export function addMessageRoutes(app: Api, ctx: ApiContext): void {
  app.post(
    '/batches/:id/files/:file_id/messages',
    {
      config: { judgesBody: true },
      attachValidation: true,
      schema: {
        tags: ['files'],
        summary: 'Say something about a finished file: another edit, more assets, export, credits, status',
        params: fileParams,
        headers: idempotencyHeaders,
        body: messageRequestSchema,
        response: { 202: messageAnswerSchema, ...problems(400, 403, 404, 409, 415, 422, 502) },
      },
    },
    async (request, reply) => {
      const target = await visibleFile(ctx, request, request.params);
      return answerOnce(ctx, { request, reply, route: `POST message ${request.params.file_id}` }, async () => {
        const message = await judgeMessage(ctx, request);
        return takeMessage(ctx, target, message);
      });
    },
  );
}
