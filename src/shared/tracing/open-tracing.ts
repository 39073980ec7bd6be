/**
 * Opens OpenTelemetry, where the environment names a receiver (OTEL_EXPORTER_OTLP_ENDPOINT); its packages are optional
 * and loaded here alone. Sampling, headers and batching follow OpenTelemetry's own OTEL_* variables. The active span is
 * kept in a store of our own: no global is registered, so two services in one process do not meet.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context as OtelContext, Span as OtelSpan } from '@opentelemetry/api';
import type { Config } from '../config/config.ts';
import type { Resources } from '../resources.ts';
import { version } from '../version.ts';
import { noTracing, parseTraceparent, type OpenSpan, type SpanOptions, type Tracing } from './tracing.ts';

export class TracingError extends Error {
  override readonly name = 'TracingError';
  readonly code = 'tracing_packages_missing';
}

/** What is left to send at the end; a receiver that is away must not hold up a stop. */
const exportTimeoutMs = 2_000;

export async function openTracing(config: Config, resources: Resources): Promise<Tracing> {
  if (config.otlpEndpoint === null) return noTracing;
  const { api, sdk, exporter } = await loadPackages();
  const attributes = { 'service.name': config.otelServiceName, 'service.version': version };
  const resource = { attributes, merge: () => resource, getRawAttributes: () => Object.entries(attributes) };
  const provider = new sdk.NodeTracerProvider({
    resource,
    spanProcessors: [
      new sdk.BatchSpanProcessor(
        new exporter.OTLPTraceExporter({ url: `${config.otlpEndpoint}/v1/traces`, timeoutMillis: exportTimeoutMs }),
      ),
    ],
  });
  // A receiver that does not take the last spans is no reason to end with an error.
  resources.add('traces', () => provider.shutdown().catch(() => undefined));
  const tracer = provider.getTracer('batch-video', version);
  const active = new AsyncLocalStorage<OtelContext>();
  return {
    open: (name, options) => {
      const around = parentOf(api, options.parent) ?? active.getStore() ?? api.ROOT_CONTEXT;
      const span = tracer.startSpan(
        name,
        { kind: kindOf(api, options.kind), attributes: { ...options.attributes } },
        around,
      );
      return toOpenSpan(api, span, (work) => active.run(api.trace.setSpan(around, span), work));
    },
    ids: () => {
      const store = active.getStore();
      const span = store === undefined ? undefined : api.trace.getSpanContext(store);
      return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
    },
  };
}

type Api = Awaited<ReturnType<typeof loadPackages>>['api'];

async function loadPackages() {
  try {
    const [api, sdk, exporter] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
    return { api, sdk, exporter };
  } catch (error) {
    const names = '@opentelemetry/api, sdk-trace-node and exporter-trace-otlp-http';
    throw new TracingError(`OTEL_EXPORTER_OTLP_ENDPOINT is set, and ${names} are not installed`, { cause: error });
  }
}

function parentOf(api: Api, traceparent: SpanOptions['parent']): OtelContext | null {
  const parent = parseTraceparent(traceparent);
  return parent === null ? null : api.trace.setSpanContext(api.ROOT_CONTEXT, { ...parent, isRemote: true });
}

function kindOf({ SpanKind }: Api, kind: SpanOptions['kind']) {
  switch (kind) {
    case 'server':
      return SpanKind.SERVER;
    case 'client':
      return SpanKind.CLIENT;
    case 'internal':
    case undefined:
      return SpanKind.INTERNAL;
  }
}

function toOpenSpan(api: Api, span: OtelSpan, run: OpenSpan['run']): OpenSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    set: (attributes) => void span.setAttributes({ ...attributes }),
    fail: (code) => void span.setStatus({ code: api.SpanStatusCode.ERROR }).setAttribute('error.type', code),
    run,
    end: () => span.end(),
  };
}
