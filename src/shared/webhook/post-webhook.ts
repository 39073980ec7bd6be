/**
 * One attempt: signs, sends, and reads the beginning of the answer. It never throws for what a receiver or the network
 * does, never follows a redirect, never repeats, and never connects to an address that the guard refuses.
 */
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { checkUrl } from '../guard/check-url.ts';
import { GuardError } from '../guard/guard-error.ts';
import { startDeadline, type Deadline } from '../upstream/deadline.ts';
import { parseRetryAfter } from '../upstream/retry-after.ts';
import { version } from '../version.ts';
import type { Attempt, AttemptError } from './attempt.ts';
import { signWebhook } from './sign.ts';
import type { WebhookSender } from './webhook-sender.ts';

/** Enough to read what a receiver complained about; the rest is its own affair. */
export const maxResponseBytes = 1024;

export interface WebhookMessage {
  readonly id: string;
  readonly url: string;
  /** Null: sent without a signature. */
  readonly secret: string | null;
  readonly body: string;
  /** Of the request that made the batch: to be found again in the logs of both sides. */
  readonly requestId?: string | null;
  /** W3C trace context of that request. */
  readonly traceparent?: string | null;
  /** Redis' clock, as it is sent and signed: receivers refuse what is minutes off, and our own clock may be. */
  readonly at: number;
}

export type Posted =
  | { readonly kind: 'attempted'; readonly attempt: Attempt; readonly retryAfterMs: number | null }
  /** Our own signal stopped it: nothing is known, and nothing counts. */
  | { readonly kind: 'aborted' };

type Reply = Pick<Attempt, 'status' | 'error' | 'response'> & { readonly retryAfterMs: number | null };

export async function postWebhook(
  sender: WebhookSender,
  message: WebhookMessage,
  signal?: AbortSignal,
): Promise<Posted> {
  const startedAt = new Date(message.at);
  const began = performance.now();
  const reply = await send(sender, message, startedAt, signal);
  if (reply === 'aborted') return { kind: 'aborted' };
  const { retryAfterMs, ...outcome } = reply;
  const attempt = { at: startedAt.toISOString(), duration_ms: Math.round(performance.now() - began), ...outcome };
  return { kind: 'attempted', attempt, retryAfterMs };
}

async function send(
  sender: WebhookSender,
  message: WebhookMessage,
  timestamp: Date,
  signal: AbortSignal | undefined,
): Promise<Reply | 'aborted'> {
  const check = checkUrl(message.url, { allowPrivate: sender.allowPrivate });
  if (!check.ok) return failed(check.code === 'private_host' ? 'private_host' : 'invalid_url');
  const headers = toHeaders(message, timestamp);
  if (headers === null) return failed('invalid_secret');
  const deadline = startDeadline(sender.timeoutMs, signal);
  try {
    return await exchange(sender.dispatcher, { ...message, url: check.url, headers }, deadline);
  } catch (error) {
    const stopped = deadline.stopped();
    if (stopped === 'signal') return 'aborted';
    if (error instanceof GuardError) return failed('private_host');
    return stopped === 'deadline' ? failed('timed_out') : failed('connection_failed', systemCode(error));
  } finally {
    deadline.release();
  }
}

function toHeaders(message: WebhookMessage, timestamp: Date): Record<string, string> | null {
  const { id, secret, body, requestId, traceparent } = message;
  const signature = secret === null ? null : signWebhook(secret, { id, timestamp, body });
  if (secret !== null && signature === null) return null;
  return {
    'content-type': 'application/json',
    'user-agent': `batch-video/${version}`,
    'accept-encoding': 'identity', // what is logged should be readable
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(timestamp.getTime() / 1000)),
    ...(signature === null ? {} : { 'webhook-signature': signature }),
    ...(requestId == null ? {} : { 'x-request-id': requestId }),
    ...(traceparent == null ? {} : { traceparent }),
  };
}

async function exchange(
  dispatcher: Dispatcher,
  { url, headers, body, at }: { url: URL; headers: Record<string, string>; body: string; at: number },
  deadline: Deadline,
): Promise<Reply> {
  const reply = await request(url, {
    dispatcher,
    method: 'POST',
    headers,
    body,
    signal: deadline.signal,
    headersTimeout: 0, // the deadline covers both
    bodyTimeout: 0,
  });
  const status = reply.statusCode;
  return {
    status,
    error: status >= 400 ? 'http_error' : status >= 300 ? 'redirected' : null,
    response: await readBeginning(reply.body),
    retryAfterMs: parseRetryAfter(text(reply.headers['retry-after']), text(reply.headers['date']), at),
  };
}

/** The status has been given, so whatever happens to the rest of the answer changes nothing. */
async function readBeginning(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= maxResponseBytes) break; // leaving the loop destroys the body, and with it the connection
    }
  } catch {
    // cut, too slow or aborted: what came until then is kept
  }
  return Buffer.concat(chunks).subarray(0, maxResponseBytes).toString('utf8');
}

function failed(error: AttemptError, response: string | null = null): Reply {
  return { status: null, error, response, retryAfterMs: null };
}

const text = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Node's and undici's codes are short and hold neither a header nor a URL. */
function systemCode(error: unknown): string | null {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}
