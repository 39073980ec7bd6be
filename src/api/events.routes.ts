/** Live events over SSE: of one batch, and of all batches that the caller sees. */
import { fastifySSE } from '@fastify/sse';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { listBatches } from '../shared/list-batches.ts';
import { readBatch } from '../shared/read-batch.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { tenantOf } from './auth.ts';
import { batchParams } from './batches.schema.ts';
import { toPlaceCursor } from './cursor.ts';
import { createInbox } from './inbox.ts';
import type { LiveFeed } from './live-feed.ts';
import type { Watched } from './read-events.ts';
import { createChunkReader } from './render-events.ts';
import { problems } from './responses.ts';
import { sendEvents } from './send-events.ts';
import { toBatch } from './show-batch.ts';
import { visibleBatch } from './visible.ts';

/** Proxies cut connections that are silent for half a minute or a minute. */
const heartbeatMs = 15_000;
/** Batches of the first message of the stream of all; `next_cursor` leads to the rest. */
const snapshotBatches = 100;

const headers = z.looseObject({
  'last-event-id': z.string().optional().describe('The last id that was seen; what came after it is told.'),
});
const stream = { 200: { description: 'Server-sent events', content: { 'text/event-stream': { schema: z.string() } } } };

export async function addEventRoutes(app: Api, ctx: ApiContext, feed: LiveFeed): Promise<void> {
  // Data is JSON text already: what many readers get is written down once.
  await app.register(fastifySSE, { heartbeatInterval: heartbeatMs, serializer: String });
  const read = createChunkReader(ctx);
  const follow = async (
    reply: FastifyReply,
    watched: Watched,
    snapshot: () => Promise<string | null>,
  ): Promise<void> => {
    const inbox = createInbox();
    const stopListening = feed.listen(watched, inbox);
    reply.sse.onClose(() => {
      stopListening();
      inbox.end();
    });
    // Nobody uses it for another request, and a stopping process would wait for it to be idle long enough.
    reply.header('connection', 'close');
    await sendEvents(ctx, { watched, sse: reply.sse, raw: reply.raw, inbox, read, snapshot });
  };
  app.get(
    '/batches/:id/events',
    {
      sse: 'manual',
      schema: {
        tags: ['batches'],
        summary: 'Live events: snapshot, file, batch, progress, reset; `Last-Event-ID` resumes without a gap',
        params: batchParams,
        headers,
        response: { ...stream, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { id } = await visibleBatch(ctx, request, request.params.id);
      await follow(reply, { kind: 'batch', batchId: id }, async () => {
        const batch = await readBatch(ctx, id);
        return batch === null ? null : JSON.stringify(toBatch(ctx, batch));
      });
    },
  );
  app.get(
    '/events',
    {
      sse: 'manual',
      schema: {
        tags: ['batches'],
        summary: 'Live events of all batches: snapshot (the newest ones, as a page), file, batch, reset',
        headers,
        response: { ...stream, ...problems() },
      },
    },
    async (request, reply) => {
      const tenant = tenantOf(request.caller);
      await follow(reply, tenant === null ? { kind: 'all' } : { kind: 'tenant', tenant }, async () => {
        const page = await listBatches(ctx, { tenant, status: null, limit: snapshotBatches, after: null });
        const data = page.batches.map((batch) => toBatch(ctx, batch));
        return JSON.stringify({ data, next_cursor: toPlaceCursor(page.next) });
      });
    },
  );
}
