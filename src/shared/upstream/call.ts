/**
 * Sends one request to the upstream and reads the whole JSON reply: the only way of every endpoint but a turn and the
 * downloads. Never repeats, never follows a redirect, and never lets the token into an error.
 */
import { request, type Dispatcher } from 'undici';
import { startDeadline } from './deadline.ts';
import { parseJson } from './parse-json.ts';
import { readBody } from './read-body.ts';
import { headerText, senselessAnswer, toFault, type Answer, type CallScope } from './to-fault.ts';
import { markStart, transportFault, type StartMark } from './transport-fault.ts';
import { maxBytes } from './timeouts.ts';
import type { CallOptions, Upstream } from './types.ts';
import { UpstreamError } from './upstream-error.ts';

/** undici takes any iterable of bytes as well, as its documentation says; its types leave that out. */
type TypedBody = NonNullable<Dispatcher.DispatchOptions['body']>;

export interface Call {
  /** For error messages: a name, never a path (paths hold session ids). */
  readonly endpoint: string;
  readonly scope: CallScope;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as JSON, verbatim. */
  readonly body?: TypedBody | AsyncIterable<Uint8Array>;
  readonly timeoutMs: number;
  readonly maxReplyBytes?: number;
}

/** The reply of a call that succeeded by code and status. */
export async function callUpstream(up: Upstream, call: Call, options: CallOptions = {}): Promise<Answer> {
  const answer = await exchange(up, call, options);
  const fault = toFault(answer, call.scope, call.token, Date.now());
  if (fault !== null) throw new UpstreamError(call.endpoint, fault);
  return answer;
}

/** The error for a reply that succeeded but does not hold what the caller needs. */
export function senseless(call: Pick<Call, 'endpoint' | 'token'>, answer: Answer): UpstreamError {
  return new UpstreamError(call.endpoint, senselessAnswer(answer, call.token, Date.now()));
}

/** Request out, whole reply in, whatever its status. Throws only for transport faults and oversized replies. */
export function exchange(up: Upstream, call: Call, options: CallOptions): Promise<Answer> {
  return up.watch(
    call.endpoint,
    () => exchangeOnce(up, call, options),
    ({ status }) => `${Math.floor(status / 100)}xx`,
  );
}

async function exchangeOnce(up: Upstream, call: Call, options: CallOptions): Promise<Answer> {
  const deadline = startDeadline(options.timeoutMs ?? call.timeoutMs, options.signal);
  const mark: StartMark = { started: false };
  try {
    const reply = await request(`${up.baseUrl}${call.path}`, {
      dispatcher: up.dispatcher.compose(markStart(mark)),
      method: call.method,
      headers: callHeaders(up, call),
      body: (call.body as TypedBody | undefined) ?? null,
      signal: deadline.signal,
      headersTimeout: 0, // the deadline covers both
      bodyTimeout: 0,
    });
    const encoding = headerText(reply, 'content-encoding');
    const text = await readBody(reply.body, encoding, call.maxReplyBytes ?? maxBytes.reply);
    return toAnswer(reply.statusCode, reply.headers, text);
  } catch (error) {
    throw new UpstreamError(call.endpoint, transportFault(error, mark.started, deadline.stopped()), error);
  } finally {
    deadline.release();
  }
}

export function toAnswer(status: number, headers: Answer['headers'], text: string | null): Answer {
  // A reply that cannot be read as text is judged like half a JSON document.
  return { status, headers, text: text ?? '', json: text === null ? undefined : jsonOrUndefined(text) };
}

function jsonOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // empty, HTML or cut: judged by status, and a success needs JSON
  }
}

export function callHeaders(up: Upstream, call: Pick<Call, 'token' | 'headers' | 'body'>): Record<string, string> {
  return {
    accept: 'application/json',
    ...(typeof call.body === 'string' ? { 'content-type': 'application/json' } : {}),
    ...call.headers,
    ...(call.token === null ? {} : { authorization: `Bearer ${call.token}` }),
    ...up.attribution,
  };
}
