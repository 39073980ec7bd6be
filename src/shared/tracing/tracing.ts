/**
 * Traces as the service uses them: spans around work, and the `traceparent` that a batch carries in its record, so that
 * one trace leads from the POST through each step to the webhook, whichever process runs it. Nothing here knows
 * OpenTelemetry; without OTEL_EXPORTER_OTLP_ENDPOINT it does nothing at all.
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** A W3C traceparent; null or absent: a child of the active span, if there is one. */
  readonly parent?: string | null | undefined;
  readonly kind?: 'server' | 'client' | 'internal';
  readonly attributes?: SpanAttributes;
}

export interface Span {
  /** Null while nothing is traced. */
  readonly traceparent: string | null;
  readonly set: (attributes: SpanAttributes) => void;
  /** A code, never the text of an error: that may hold a URL or a prompt. */
  readonly fail: (code: string) => void;
}

export interface OpenSpan extends Span {
  /** What runs in it, and whatever that starts, has it as the active span. */
  readonly run: <T>(work: () => T) => T;
  readonly end: () => void;
}

/** For log lines. */
export type TraceIds = { readonly trace_id: string; readonly span_id: string } | Record<string, never>;

export interface Tracing {
  readonly open: (name: string, options: SpanOptions) => OpenSpan;
  /** Of the active span. */
  readonly ids: () => TraceIds;
}

const noSpan: OpenSpan = {
  traceparent: null,
  set: () => undefined,
  fail: () => undefined,
  run: (work) => work(),
  end: () => undefined,
};

export const noTracing: Tracing = { open: () => noSpan, ids: () => ({}) };

/** A span around work, ended with it; an error passes through and leaves its code. */
export async function inSpan<T>(
  tracing: Tracing,
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracing.open(name, options);
  try {
    return await span.run(() => work(span));
  } catch (error) {
    span.fail(codeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'error';
}

/** Version 00 as the W3C writes it; anything else is no parent. */
export function parseTraceparent(text: string | null | undefined): {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
} | null {
  const [, traceId = '', spanId = '', flags = ''] =
    /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(text ?? '') ?? [];
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}
