/** For supervisors: is the process alive, can it serve, and its figures. */
import { z } from 'zod';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { answers } from './redis-away.ts';
import { problems } from './responses.ts';

const patienceMs = 1000;
const healthSchema = z
  .object({ status: z.enum(['ok', 'unavailable']), detail: z.string().nullable() })
  .meta({ id: 'Health' });
const whyNot = {
  here: 'Redis does not answer',
  away: 'Redis does not answer',
  emptied: 'Redis has lost the data of this installation',
};
const schemaOf = (summary: string) => ({
  tags: ['operation'],
  summary,
  security: [],
  response: { 200: healthSchema, 503: healthSchema },
});

export function addHealthRoutes(app: Api, ctx: ApiContext): void {
  app.get(
    '/healthz',
    { config: { public: true }, exposeHeadRoute: true, schema: schemaOf('Alive: steps are being consumed') },
    async (_request, reply) => {
      // An API process without a worker consumes no steps: that it answers is all there is to tell.
      const isEmptied = ctx.watch.state() === 'emptied';
      const own = ctx.workerHealth?.() ?? { ok: true, detail: 'no worker in this process' };
      const health = isEmptied ? { ok: false, detail: 'Redis has lost the data of this installation' } : own;
      return reply
        .code(health.ok ? 200 : 503)
        .send({ status: health.ok ? 'ok' : 'unavailable', detail: health.detail });
    },
  );
  app.get(
    '/readyz',
    { config: { public: true }, exposeHeadRoute: true, schema: schemaOf('Ready: the store answers') },
    async (_request, reply) => {
      const isReady = ctx.watch.state() === 'here' && (await answers(ctx.redis, patienceMs));
      const detail = isReady ? null : whyNot[ctx.watch.state()];
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'unavailable', detail });
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['operation'],
        summary: 'Figures for Prometheus',
        response: {
          200: { description: 'Text format', content: { 'text/plain': { schema: z.string() } } },
          ...problems(),
        },
      },
    },
    async (_request, reply) => {
      const text = await ctx.metrics.metrics();
      return reply.header('content-type', ctx.metrics.contentType).serializer(String).send(text);
    },
  );
}
