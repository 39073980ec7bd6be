/** /healthz, /readyz and /metrics of a worker process (WORKER_PORT). Plain node:http: three answers need no framework. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { OpenedContext } from '../shared/open-context.ts';
import { seesUploadDir } from '../shared/upload-dir.ts';
import type { Workers } from './main.ts';

const patienceMs = 1000;
const emptied = 'Redis has lost the data of this installation';

export async function openWorkerServer(ctx: OpenedContext, workers: Workers, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    answer(ctx, workers, request.url ?? '', response).catch((error: unknown) => {
      ctx.log.warn({ err: error }, 'health not answered');
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, ctx.config.host, resolve);
  });
  return server;
}

async function answer(ctx: OpenedContext, workers: Workers, url: string, response: ServerResponse): Promise<void> {
  switch (url) {
    case '/healthz': {
      if (ctx.watch.state() === 'emptied') return sendJson(response, false, emptied);
      const { ok, detail } = workers.health();
      return sendJson(response, ok, detail);
    }
    case '/readyz': {
      const [isAnswered, seesUploads] = await Promise.all([isReady(ctx), seesUploadDir(ctx).catch(() => false)]);
      if (ctx.watch.state() === 'emptied') return sendJson(response, false, emptied);
      const detail = isAnswered ? 'UPLOAD_DIR is not the one that the API writes to' : 'Redis does not answer';
      return sendJson(response, isAnswered && seesUploads, isAnswered && seesUploads ? 'ready' : detail);
    }
    case '/metrics':
      response.setHeader('content-type', ctx.telemetry.registry.contentType);
      response.end(await ctx.telemetry.registry.metrics());
      return;
    default:
      response.writeHead(404).end();
  }
}

function sendJson(response: ServerResponse, ok: boolean, detail: string): void {
  response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ status: ok ? 'ok' : 'unavailable', detail }));
}

async function isReady(ctx: OpenedContext): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, patienceMs, false).unref());
  return Promise.race([
    ctx.redis.ping().then(
      () => true,
      () => false,
    ),
    late,
  ]);
}
