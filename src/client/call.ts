/**
 * One HTTP call to the service: headers, repeats, and the translation of every failure into ServiceError or
 * UnreachableError. It repeats only what its caller marked as repeatable.
 */
import { openAnswer, type Answer } from './answer.ts';
import { callerSignal, type CallOptions, type Connection } from './connection.ts';
import { delay } from './delay.ts';
import type { FetchInit } from './fetch.ts';
import { ServiceError } from './service-error.ts';
import { toServiceError } from './to-service-error.ts';
import { UnreachableError } from './unreachable-error.ts';

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | null | undefined>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; such a call is never repeated here, as a stream can be read once. Null: the length is not known. */
  readonly bytes?: { readonly body: FetchInit['body']; readonly length: number | null } | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** True where a second call cannot do anything twice. */
  readonly repeatable: boolean;
  readonly headersTimeoutMs?: number;
}

const attempts = 4;
/** 200, 400 and 800 ms: long enough for a restart of one API process behind a balancer, short enough for a person. */
const firstWaitMs = 200;
/** Who is told to come back later than this is told so, instead of being kept waiting. */
const maxWaitMs = 60_000;
/** Accepting 50,000 files takes seconds; nothing takes minutes. */
const headersTimeoutMs = 120_000;
/** The service sends a heartbeat every 15 s where it has nothing else to say. */
const silenceMs = 120_000;
/** What passes by itself; the same call may succeed a moment later. */
const passingStatuses = [429, 502, 503, 504];

export function call(connection: Connection, options: Call): Promise<Answer> {
  return callAndRead(connection, options, async (answer) => answer);
}

/** Repeats with `read`, so that an answer that was cut half-way counts as none. */
export async function callAndRead<Result>(
  connection: Connection,
  options: Call,
  read: (answer: Answer) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read(await callOnce(connection, options));
    } catch (error) {
      const waitMs = waitBefore(attempt, error);
      if (!options.repeatable || attempt === attempts || !isPassing(error) || waitMs > maxWaitMs) throw error;
      await delay(waitMs, callerSignal(connection, options));
    }
  }
}

export function isPassing(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ServiceError && passingStatuses.includes(error.status));
}

function waitBefore(attempt: number, error: unknown): number {
  const askedMs = error instanceof ServiceError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(askedMs, firstWaitMs * 2 ** (attempt - 1));
}

async function callOnce(connection: Connection, options: Call): Promise<Answer> {
  const body = options.bytes?.body ?? (options.json === undefined ? undefined : JSON.stringify(options.json));
  const answer = await openAnswer(connection, {
    method: options.method,
    path: `${options.path}${toQuery(options.query)}`,
    headers: toHeaders(connection, options),
    ...(body === undefined ? {} : { body }),
    signal: options.signal,
    headersTimeoutMs: options.headersTimeoutMs ?? headersTimeoutMs,
    silenceMs,
  });
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw await toServiceError(answer);
}

function toHeaders(connection: Connection, options: Call): Record<string, string> {
  const length = options.bytes?.length ?? null;
  return {
    accept: 'application/json',
    ...(connection.key === null ? {} : { authorization: `Bearer ${connection.key}` }),
    ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
    // Browsers set their own and leave this one out.
    ...(length === null ? {} : { 'content-length': String(length) }),
    ...options.headers,
  };
}

function toQuery(query: Call['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value != null) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
