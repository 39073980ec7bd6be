/**
 * One HTTP call to the service: headers, repeats, and the translation of every failure into ServiceError or
 * UnreachableError. It repeats only what its caller marked as repeatable.
 */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { request, type Dispatcher } from 'undici';
import { ServiceError } from './service-error.ts';
import { toServiceError } from './to-service-error.ts';
import { UnreachableError } from './unreachable-error.ts';

export interface Connection {
  /** Without a trailing slash. */
  readonly url: string;
  readonly key: string | null;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal | null;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | null | undefined>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; such a call is never repeated here, as a stream can be read once. */
  readonly bytes?: { readonly stream: Readable; readonly length: number } | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** True where a second call cannot do anything twice. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly headersTimeoutMs?: number;
  readonly bodyTimeoutMs?: number;
}

const attempts = 4;
/** 200, 400 and 800 ms: long enough for a restart of one API process behind a balancer, short enough for a person. */
const firstWaitMs = 200;
/** A refused caller is told to wait a minute at most here; whoever wants more should come back. */
const maxWaitMs = 60_000;
/** Accepting 50,000 files takes seconds; nothing takes minutes. */
const headersTimeoutMs = 120_000;
const bodyTimeoutMs = 120_000;
/** What passes by itself; the same call may succeed a moment later. */
const passingStatuses = [429, 502, 503, 504];

export function call(connection: Connection, options: Call): Promise<Dispatcher.ResponseData> {
  return callAndRead(connection, options, async (answer) => answer);
}

/** Repeats with `read`, so that an answer that was cut half-way counts as none. */
export async function callAndRead<Result>(
  connection: Connection,
  options: Call,
  read: (answer: Dispatcher.ResponseData) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read(await callOnce(connection, options));
    } catch (error) {
      if (!options.repeatable || attempt === attempts || !isPassing(error)) throw error;
      await delay(waitBefore(attempt, error), undefined, { signal: signalOf(connection, options) });
    }
  }
}

export function isPassing(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ServiceError && passingStatuses.includes(error.status));
}

function waitBefore(attempt: number, error: unknown): number {
  const askedMs = error instanceof ServiceError ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(maxWaitMs, Math.max(askedMs, firstWaitMs * 2 ** (attempt - 1)));
}

async function callOnce(connection: Connection, options: Call): Promise<Dispatcher.ResponseData> {
  const answer = await send(connection, options);
  if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
  throw await toServiceError(answer);
}

async function send(connection: Connection, options: Call): Promise<Dispatcher.ResponseData> {
  const signal = signalOf(connection, options);
  try {
    return await request(`${connection.url}${options.path}${toQuery(options.query)}`, {
      method: options.method,
      headers: toHeaders(connection, options),
      body: options.bytes?.stream ?? (options.json === undefined ? null : JSON.stringify(options.json)),
      dispatcher: connection.dispatcher,
      signal,
      headersTimeout: options.headersTimeoutMs ?? headersTimeoutMs,
      bodyTimeout: options.bodyTimeoutMs ?? bodyTimeoutMs,
    });
  } catch (error) {
    // An abort is the caller's own wish and keeps its reason; everything else is the way to the service.
    signal.throwIfAborted();
    throw new UnreachableError(connection.url, error);
  }
}

function signalOf(connection: Connection, options: Call): AbortSignal {
  const signals = [connection.signal, options.signal].filter((signal) => signal != null);
  return AbortSignal.any(signals);
}

function toHeaders(connection: Connection, options: Call): Record<string, string> {
  return {
    accept: 'application/json',
    ...(connection.key === null ? {} : { authorization: `Bearer ${connection.key}` }),
    ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.bytes === undefined
      ? {}
      : { 'content-type': 'application/octet-stream', 'content-length': String(options.bytes.length) }),
    ...options.headers,
  };
}

function toQuery(query: Call['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value != null) search.set(name, String(value));
  return search.size === 0 ? '' : `?${search.toString()}`;
}
