/** Plain HTTP of the rows, and waiting on a condition with a deadline. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from './types.ts';
import { Violation } from './row.ts';

export async function send(method: string, url: string, body?: unknown, headers = {}): Promise<Reply> {
  const isRaw = Buffer.isBuffer(body);
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isRaw ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // bytes, NDJSON, nothing at all
  }
}

/** The body of an answer of this status; anything else ends the row. */
export async function ask<T>(status: number, method: string, url: string, body?: unknown): Promise<T> {
  const reply = await send(method, url, body);
  if (reply.status !== status) {
    throw new Violation(`${method} ${new URL(url).pathname}: ${reply.status} ${JSON.stringify(reply.body)}`);
  }
  // The rows read what the service documents; a field that is missing shows as a wrong verdict.
  return reply.body as T;
}

/** Long enough for a busy machine; only what is wrong takes it. */
export async function until<T>(
  what: string | (() => string),
  look: () => Promise<T | null> | T | null,
  deadlineMs = 60_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const found = await look();
    if (found !== null) return found;
    await delay(40);
  }
  throw new Violation(`not within ${deadlineMs} ms: ${typeof what === 'string' ? what : what()}`);
}
