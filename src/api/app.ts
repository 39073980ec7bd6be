/** Builds the API: every plugin and route registered by name, so that "go to definition" walks it. It never listens. */
import { fastifyHelmet } from '@fastify/helmet';
import { fastify, type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { newRequestId } from '../shared/ids.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { createAuth, nobody } from './auth.ts';
import { addBatchRoutes } from './batches.routes.ts';
import { acceptJsonOnly, maxBodyBytes } from './parse-json-body.ts';
import { answerError, answerUnknownRoute, sendProblem, toRefusal } from './problem.ts';
import { compileValidator, refuseFaultyBody } from './validate.ts';

/** A longer one is no id of ours. */
const maxIdChars = 200;

export async function createApp(ctx: ApiContext): Promise<Api> {
  const app = createServer(ctx);
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError(ctx));
  answerUnknownRoute(app);
  acceptJsonOnly(app);
  addHooks(app, ctx);
  await app.register(fastifyHelmet, { global: true });
  addBatchRoutes(app, ctx);
  return app;
}

function createServer(ctx: ApiContext): Api {
  // Widened: an instance typed by pino itself fits none of the plugins' types.
  const loggerInstance: FastifyBaseLogger = ctx.log;
  return fastify({
    loggerInstance,
    disableRequestLogging: true,
    genReqId: newRequestId,
    requestIdLogLabel: 'request_id',
    bodyLimit: maxBodyBytes,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: maxIdChars },
    // What fails before a route is found never reaches the error handler.
    frameworkErrors: (error, request, reply) => {
      void toRefusal(error, ctx).then((refusal) => sendProblem(reply, request, refusal));
    },
  }).withTypeProvider<ZodTypeProvider>();
}

function addHooks(app: Api, ctx: ApiContext): void {
  const authenticate = createAuth(ctx.config.apiKeys);
  app.decorateRequest('caller');
  app.decorateRequest('bodyFaults');
  app.addHook('onRequest', async (request) => {
    request.caller = nobody;
    request.bodyFaults = [];
    request.caller = authenticate(request);
  });
  app.addHook('preValidation', refuseFaultyBody);
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime),
        tenant: request.caller.tenant,
      },
      'request',
    );
  });
}
