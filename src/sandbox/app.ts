/** The Fastify app: parsers, hooks, error answers and routes. It does not listen. */
import multipart from '@fastify/multipart';
import { fastify, type FastifyInstance } from 'fastify';
import { addAdminRoutes } from './admin.routes.ts';
import type { Sandbox } from './context.ts';
import { addFileRoutes } from './files.routes.ts';
import { addHooks } from './hooks.ts';
import { addJsonBodies } from './json-body.ts';
import { Refusal, toRefusalAnswer } from './refusal.ts';
import { addRenderRoutes } from './renders.routes.ts';
import { addSessionRoutes } from './sessions.routes.ts';
import { addStateRoutes } from './state.routes.ts';
import { addTokenRoutes } from './tokens.routes.ts';
import { addTurnRoutes } from './turns.routes.ts';
import { addUploadRoutes } from './uploads.routes.ts';

/** Drafts of long timelines. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;
const MAX_PARTS = 100;

export async function createApp(sandbox: Sandbox): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: MAX_JSON_BYTES,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: true,
  });
  await app.register(multipart, { limits: { files: MAX_PARTS }, throwFileSizeLimit: false });
  addJsonBodies(app);
  addHooks(app, sandbox);
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof Refusal) {
      const { status, body } = toRefusalAnswer(error, sandbox.settings.codeIn);
      return reply.code(status).headers(error.headers).send(body);
    }
    const status = statusOf(error);
    // A caller that went away in mid-call is no fault of ours.
    if (status >= 500 && !request.raw.destroyed) sandbox.log.error({ err: error }, 'call failed');
    return reply.code(status).send({ detail: status >= 500 ? 'Internal Server Error' : String(error) });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ detail: 'Not Found' }));
  for (const add of [addTokenRoutes, addSessionRoutes, addUploadRoutes, addTurnRoutes, addStateRoutes])
    add(app, sandbox);
  for (const add of [addRenderRoutes, addFileRoutes, addAdminRoutes]) add(app, sandbox);
  return app;
}

function statusOf(error: unknown): number {
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}
