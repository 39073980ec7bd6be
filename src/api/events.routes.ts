/** GET /batches/:id/events: live events over SSE. */
import { fastifySSE } from '@fastify/sse';
import { z } from 'zod';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { batchParams } from './batches.schema.ts';
import { createInbox } from './inbox.ts';
import { openLiveFeed } from './live-feed.ts';
import { problems } from './responses.ts';
import { sendEvents } from './send-events.ts';
import { visibleBatch } from './visible.ts';

/** Proxies cut connections that are silent for half a minute or a minute. */
const heartbeatMs = 15_000;

export async function addEventRoutes(app: Api, ctx: ApiContext): Promise<void> {
  await app.register(fastifySSE, { heartbeatInterval: heartbeatMs });
  const feed = await openLiveFeed(ctx);
  // Before the server waits for its connections to end.
  app.addHook('preClose', feed.close);
  app.get(
    '/batches/:id/events',
    {
      sse: 'manual',
      config: { isEndless: true },
      schema: {
        tags: ['batches'],
        summary: 'Live events: snapshot, file, batch, progress, reset; `Last-Event-ID` resumes without a gap',
        params: batchParams,
        headers: z.looseObject({ 'last-event-id': z.string().optional() }),
        response: {
          200: { description: 'Server-sent events', content: { 'text/event-stream': { schema: z.string() } } },
          ...problems(404),
        },
      },
    },
    async (request, reply) => {
      const { id } = await visibleBatch(ctx, request, request.params.id);
      const inbox = createInbox();
      const stopListening = feed.listen(id, inbox);
      reply.sse.onClose(() => {
        stopListening();
        inbox.end();
      });
      // Nobody uses it for another request, and a stopping process would wait for it to be idle long enough.
      reply.header('connection', 'close');
      const open = (): void => {
        reply.sse.sendHeaders();
        reply.raw.flushHeaders();
      };
      await sendEvents(ctx, { batchId: id, sse: reply.sse, inbox, open });
    },
  );
}
