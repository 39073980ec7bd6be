/**
 * Bull Board, for the BullMQ view of the queues. Read only for everybody: a job is a lease on a step, and whoever
 * retries or removes one by hand works around the record. For admins, as jobs name files of every tenant.
 */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { queueNames } from '../shared/queues.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { RefusedError } from './refused-error.ts';

const prefix = '/dashboard/queues/bull';

/** Its page sets styles inline, and links a font from outside, which is not asked for. */
const policy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "frame-ancestors 'none'",
].join('; ');
const outsideLinks = /<link[^>]+https?:\/\/[^>]*>/g;

export async function addBullBoard(app: Api, ctx: ApiContext): Promise<void> {
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(prefix);
  createBullBoard({
    queues: queueNames.map((name) => new BullMQAdapter(ctx.queues[name], { readOnlyMode: true })),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'batch-video', hideRedisDetails: true } },
  });
  await app.register(async (board) => {
    board.addHook('onRequest', async (request, reply) => {
      if (request.caller.role !== 'admin') {
        throw new RefusedError({ status: 403, code: 'forbidden', detail: 'The queues are for admins.' });
      }
      reply.header('content-security-policy', policy);
    });
    board.addHook('onSend', async (_request, reply, payload) =>
      typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')
        ? payload.replaceAll(outsideLinks, '')
        : payload,
    );
    await board.register(serverAdapter.registerPlugin(), { prefix });
  });
}
