/** Builds the API: every plugin and route registered by name, so that "go to definition" walks it. It never listens. */
import { fastifyCookie } from '@fastify/cookie';
import { fastifyHelmet } from '@fastify/helmet';
import { fastify, LogController, type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { newRequestId } from '../shared/ids.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { createAuth, nobody, type Auth } from './auth.ts';
import { createBackground } from './background.ts';
import { addBatchActionRoutes } from './batch-actions.routes.ts';
import { addBatchRoutes } from './batches.routes.ts';
import { addClosing } from './closing.ts';
import { addCreditRoutes } from './credits.routes.ts';
import { isFromPage } from './cross-site.ts';
import { addDashboardApiRoutes } from './dashboard-api.routes.ts';
import { addDashboardPage } from './dashboard-page.routes.ts';
import { readLogin } from './dashboard-login.ts';
import { addDeliveryRoutes } from './deliveries.routes.ts';
import { addDocumentRoutes, collectDocument } from './docs.routes.ts';
import { addEventRoutes } from './events.routes.ts';
import { addFileRoutes } from './files.routes.ts';
import { addGuideRoutes } from './guides.routes.ts';
import { addHealthRoutes } from './health.routes.ts';
import { takeLargeBodiesInTurn } from './large-bodies.ts';
import { openLiveFeed } from './live-feed.ts';
import { addManners, allowOrigins } from './manners.ts';
import { httpLimits, type HttpLimits } from './http-limits.ts';
import { addMessageRoutes } from './messages.routes.ts';
import { acceptJsonOnly, maxBodyBytes } from './parse-json-body.ts';
import { answerError, answerUnknownRoute, internalError, sendProblem, toKnownRefusal } from './problem.ts';
import { refuseSocket, toSocketRefusal } from './refuse-socket.ts';
import { RefusedError } from './refused-error.ts';
import { cutSlowBodies } from './slow-bodies.ts';
import { dropAbandonedParts, markUploadDir } from '../shared/upload-dir.ts';
import { refuseWithoutStore } from './refuse-without-store.ts';
import { addTraces, traceIdsOf } from './traces.ts';
import { givenRequestId } from './trace-context.ts';
import { uploadRoutes } from './uploads.routes.ts';
import { compileValidator, refuseFaultyBody } from './validate.ts';

/** A longer one is no id of ours. */
const maxIdChars = 200;

/** Answers are data, never pages; TLS and its headers belong to the proxy in front. */
const helmetOptions = {
  global: true,
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  strictTransportSecurity: false,
};

export async function createApp(ctx: ApiContext, limits: HttpLimits = httpLimits): Promise<Api> {
  await markUploadDir(ctx);
  await dropAbandonedParts(ctx, Date.now());
  const app = createServer(ctx, limits);
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError(ctx));
  answerUnknownRoute(app);
  takeLargeBodiesInTurn(app);
  acceptJsonOnly(app);
  await allowOrigins(app, ctx);
  const auth = createAuth(ctx.keyring, (request) => readLogin(ctx, request));
  await app.register(fastifyCookie);
  addHooks(app, ctx, { auth, limits });
  addClosing(app, ctx.closing);
  cutSlowBodies(app, limits);
  await addManners(app, ctx);
  await app.register(fastifyHelmet, helmetOptions);
  await collectDocument(app);
  const background = createBackground(ctx);
  app.addHook('onClose', background.settled);
  const feed = await openLiveFeed(ctx);
  // Before the server waits for its connections to end.
  app.addHook('preClose', feed.close);
  addBatchRoutes(app, ctx, feed);
  addBatchActionRoutes(app, ctx, background);
  addFileRoutes(app, ctx);
  addMessageRoutes(app, ctx);
  await addEventRoutes(app, ctx, feed);
  addDeliveryRoutes(app, ctx);
  addCreditRoutes(app, ctx);
  addHealthRoutes(app, ctx);
  await addDocumentRoutes(app);
  addGuideRoutes(app);
  await addDashboardApiRoutes(app, ctx, auth);
  await addDashboardPage(app, ctx);
  await app.register(async (scope) => uploadRoutes(scope as Api, ctx));
  return app;
}

function createServer(ctx: ApiContext, limits: HttpLimits): Api {
  // Widened: an instance typed by pino itself fits none of the plugins' types.
  const loggerInstance: FastifyBaseLogger = ctx.log;
  const app = fastify({
    loggerInstance,
    // One line a request, written by our own hook.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: (request) => givenRequestId(request.headers) ?? newRequestId(),
    bodyLimit: maxBodyBytes,
    connectionTimeout: limits.silentMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: limits.maxHeaderBytes,
    },
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: maxIdChars },
    // What fails before a route is found never reaches the error handler.
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply, request, toKnownRefusal(error) ?? internalError);
    },
    // What is no request at all. Its error holds the bytes that came, keys too, so it is not logged.
    clientErrorHandler: (error, socket) => refuseSocket(socket, toSocketRefusal(error.code)),
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = limits.maxConnections;
  return app;
}

const urlTooLong = (): RefusedError =>
  new RefusedError({ status: 414, code: 'url_too_long', detail: 'The URL is too long.' });

function addHooks(app: Api, ctx: ApiContext, { auth, limits }: { auth: Auth; limits: HttpLimits }): void {
  app.decorateRequest('caller');
  app.decorateRequest('bodyFaults');
  addTraces(app, ctx.tracing);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    request.caller = nobody;
    request.bodyFaults = [];
    if (request.url.length > limits.maxUrlChars) throw urlTooLong();
    request.caller = await auth.authenticate(request);
  });
  app.addHook('onRequest', refuseWithoutStore(ctx));
  // What is accepted is kept (design §2): where Redis writes later, the answer waits for it.
  app.addHook('onSend', async (_request, reply, payload) => {
    if (reply.statusCode === 201 || reply.statusCode === 202) await ctx.barrier.pass();
    return payload;
  });
  app.addHook('preValidation', refuseFaultyBody);
  app.addHook('onResponse', async (request, reply) => {
    // The route's pattern, never the URL: labels are bounded words.
    const route = request.routeOptions.url ?? null;
    ctx.telemetry.httpAnswered({
      route: route ?? 'unknown',
      method: request.method,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
    request.log.info(
      {
        method: request.method,
        route,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime),
        tenant: request.caller.tenant,
        ...traceIdsOf(request),
        // Who did what to which batch: an action of a person is looked for by its target.
        ...(isFromPage(request) ? { via: 'dashboard', target: request.params } : {}),
      },
      'request',
    );
  });
}
