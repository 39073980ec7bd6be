/** A span a request, from its first hook to its answer: the first of the trace that a batch's steps and webhooks belong to. */
import type { FastifyRequest } from 'fastify';
import { parseTraceparent, type OpenSpan, type TraceIds, type Tracing } from '../shared/tracing/tracing.ts';
import type { Api } from './api.ts';

declare module 'fastify' {
  interface FastifyRequest {
    span: OpenSpan;
  }
}

export function addTraces(app: Api, tracing: Tracing): void {
  app.decorateRequest('span');
  app.addHook('onRequest', (request, _reply, done) => {
    const { method, routeOptions, headers } = request;
    // The route's pattern: ids of a path would make a name of their own each.
    const route = routeOptions.url ?? 'unknown';
    const traceparent = headers['traceparent'];
    const parent = typeof traceparent === 'string' ? traceparent : null;
    request.span = tracing.open(`${method} ${route}`, {
      parent,
      kind: 'server',
      attributes: { 'http.route': route, 'http.request.method': method, request_id: request.id },
    });
    request.span.run(done);
  });
  app.addHook('onResponse', async ({ span }, reply) => {
    span.set({ 'http.response.status_code': reply.statusCode });
    if (reply.statusCode >= 500) span.fail(String(reply.statusCode));
    span.end();
  });
}

/** Told by hand: the hook that writes the line runs outside of the span. */
export function traceIdsOf({ span }: FastifyRequest): TraceIds {
  const ids = parseTraceparent(span.traceparent);
  return ids === null ? {} : { trace_id: ids.traceId, span_id: ids.spanId };
}
