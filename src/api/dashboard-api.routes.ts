/** What the dashboard's page reads. Everything it does goes through the API's own endpoints, by the same rules. */
import { fastifyStatic } from '@fastify/static';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { tenantOf, type Auth, type Caller } from './auth.ts';
import { createBatchDetail } from './dashboard-batch.ts';
import { createBatchRows, readRows } from './dashboard-batches.ts';
import { openDashboardFeed } from './dashboard-feed.ts';
import { readQueues } from './dashboard-fleet.ts';
import { toFileDetail } from './dashboard-file.ts';
import { createFileRows, readFileRows } from './dashboard-files.ts';
import { sendLive, type View } from './dashboard-live.ts';
import { addDashboardLoginRoutes } from './dashboard-login.routes.ts';
import { createOverview } from './dashboard-overview.ts';
import { sendSource } from './dashboard-source.ts';
import { batchRowsQuery, fileRowsQuery, idsQuery, indexesQuery, liveQuery } from './dashboard.schema.ts';
import { batchParams } from './batches.schema.ts';
import { fileParams } from './files.schema.ts';
import { visibleBatch, visibleFile } from './visible.ts';

const hide = true;

export async function addDashboardApiRoutes(app: Api, ctx: ApiContext, auth: Auth): Promise<void> {
  addDashboardLoginRoutes(app, ctx, auth);
  const overview = createOverview(ctx);
  app.get('/dashboard/api/overview', { schema: { hide } }, (request) => overview(tenantOf(request.caller)));
  app.get('/dashboard/api/queues', { schema: { hide } }, async () => ({ queues: await readQueues(ctx) }));
  addBatchViews(app, ctx);
  addFileViews(app, ctx);
  await addLive(app, ctx, overview);
  await app.register(async (scope) => addSource(scope as Api, ctx));
}

/** Admins may look at one tenant alone. */
const scopeOf = (caller: Caller, wanted: string | undefined): string | null => tenantOf(caller) ?? wanted ?? null;

function addBatchViews(app: Api, ctx: ApiContext): void {
  const rows = createBatchRows(ctx);
  const detail = createBatchDetail(ctx);
  app.get('/dashboard/api/batches', { schema: { hide, querystring: batchRowsQuery } }, (request) => {
    const { q, status = null, tenant, ...page } = request.query;
    return rows({ ...page, status, text: q.trim(), tenant: scopeOf(request.caller, tenant) });
  });
  app.get('/dashboard/api/batch-rows', { schema: { hide, querystring: idsQuery } }, async (request) => {
    const own = tenantOf(request.caller);
    const found = await readRows(ctx, request.query.ids);
    return { rows: found.filter(({ tenant }) => own === null || own === tenant) };
  });
  app.get('/dashboard/api/batches/:id', { schema: { hide, params: batchParams } }, async (request) =>
    detail(await visibleBatch(ctx, request, request.params.id)),
  );
}

function addFileViews(app: Api, ctx: ApiContext): void {
  const rows = createFileRows(ctx);
  app.get(
    '/dashboard/api/batches/:id/files',
    { schema: { hide, params: batchParams, querystring: fileRowsQuery } },
    async (request) => {
      const { q, status = null, code = null, ...page } = request.query;
      const batch = await visibleBatch(ctx, request, request.params.id);
      return rows(batch, { ...page, status, code, text: q.trim() });
    },
  );
  app.get(
    '/dashboard/api/batches/:id/file-rows',
    { schema: { hide, params: batchParams, querystring: indexesQuery } },
    async (request) => {
      const batch = await visibleBatch(ctx, request, request.params.id);
      return { rows: await readFileRows(ctx, batch, request.query.indexes) };
    },
  );
  app.get('/dashboard/api/batches/:id/files/:file_id', { schema: { hide, params: fileParams } }, async (request) => {
    const { batch, view } = await visibleFile(ctx, request, request.params);
    return toFileDetail(ctx, batch, view);
  });
}

async function addLive(app: Api, ctx: ApiContext, overview: ReturnType<typeof createOverview>): Promise<void> {
  const feed = await openDashboardFeed(ctx);
  app.addHook('preClose', feed.close);
  app.get(
    '/dashboard/api/live',
    { sse: 'manual', schema: { hide, querystring: liveQuery } },
    async (request, reply) => {
      const { view: kind, id = '' } = request.query;
      const view: View = kind === 'batch' ? { kind, id: (await visibleBatch(ctx, request, id)).id } : { kind };
      // Nobody uses the connection for another request, and a stopping process would wait for it.
      reply.header('connection', 'close');
      reply.sse.sendHeaders();
      reply.raw.flushHeaders();
      await sendLive(ctx, { feed, overview }, { view, caller: request.caller, sse: reply.sse });
    },
  );
}

async function addSource(scope: Api, ctx: ApiContext): Promise<void> {
  await scope.register(fastifyStatic, { root: ctx.config.uploadDir, serve: false });
  scope.get(
    '/dashboard/api/batches/:id/files/:file_id/source',
    { schema: { hide, params: fileParams } },
    async (request, reply) => {
      const { view } = await visibleFile(ctx, request, request.params);
      return sendSource(ctx, view.file, reply);
    },
  );
}
