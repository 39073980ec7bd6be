/**
 * Bull Board, for the BullMQ view of the queues. Read only for everybody: a job is a lease on a step, and whoever
 * retries or removes one by hand works around the record. For admins, as jobs name files of every tenant.
 */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { queueNames } from '../shared/queues.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { openWhenAsked } from './open-when-asked.ts';
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

export function addBullBoard(app: Api, ctx: ApiContext): void {
  const ask = openWhenAsked(app, () => openBoard(ctx));
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (request.caller.role !== 'admin') {
      throw new RefusedError({ status: 403, code: 'forbidden', detail: 'The queues are for admins.' });
    }
    const { status, headers, body } = await ask(request);
    const isPage = String(headers['content-type']).startsWith('text/html');
    const shown = isPage ? Buffer.from(body.toString().replaceAll(outsideLinks, '')) : body;
    return reply.code(status).headers(headers).header('content-security-policy', policy).send(shown);
  };
  app.get(prefix, { schema: { hide: true } }, answer);
  app.get(`${prefix}/*`, { schema: { hide: true } }, answer);
}

async function openBoard(ctx: ApiContext): Promise<FastifyInstance> {
  const [{ createBullBoard }, { BullMQAdapter }, { FastifyAdapter }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/fastify'),
  ]);
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(prefix);
  createBullBoard({
    queues: queueNames.map((name) => new BullMQAdapter(ctx.queues[name], { readOnlyMode: true })),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'batch-video', hideRedisDetails: true } },
  });
  const board = fastify();
  await board.register(serverAdapter.registerPlugin(), { prefix });
  await board.ready();
  return board;
}
