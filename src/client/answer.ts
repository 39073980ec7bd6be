/**
 * Sends one request and hands over its answer, whose bytes are read as they are asked for. Silence has a limit, before
 * the answer as within it. A fault of the way becomes UnreachableError; an abort of the caller keeps its own reason.
 */
import { callerSignal, type CallOptions, type Connection } from './connection.ts';
import type { FetchAnswer, FetchInit } from './fetch.ts';
import { UnreachableError } from './unreachable-error.ts';

export interface Request extends CallOptions {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: FetchInit['body'];
  /** From the start of the request, its body included. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of the answer, while the reader waits for one. */
  readonly silenceMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: FetchAnswer['headers'];
  /** To be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export async function openAnswer(connection: Connection, request: Request): Promise<Answer> {
  const caller = callerSignal(connection, request);
  caller.throwIfAborted();
  const limit = createLimit(caller);
  const translate = (error: unknown): unknown => {
    caller.throwIfAborted();
    return new UnreachableError(connection.url, error);
  };
  limit.begin(request.headersTimeoutMs);
  try {
    // Taken out of its object: a browser's own fetch refuses to be called as anybody's method.
    const { fetch } = connection;
    const { status, headers, body } = await fetch(`${connection.url}${request.path}`, toInit(request, limit.signal));
    return { status, headers, bytes: readBytes(body, limit, request.silenceMs, translate) };
  } catch (error) {
    throw translate(error);
  } finally {
    limit.end();
  }
}

function toInit({ method, headers, body }: Request, signal: AbortSignal): FetchInit {
  // A redirect is never followed: it would lead the key, or a POST, somewhere else.
  const init: FetchInit = { method, headers, redirect: 'manual', signal };
  if (body === undefined) return init;
  return body instanceof ReadableStream ? { ...init, body, duplex: 'half' } : { ...init, body };
}

type Limit = ReturnType<typeof createLimit>;

function createLimit(caller: AbortSignal) {
  const ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    signal: AbortSignal.any([caller, ending.signal]),
    begin(ms: number): void {
      timer = setTimeout(() => ending.abort(new Error(`Nothing came for ${ms} ms.`)), ms);
    },
    end: () => clearTimeout(timer),
  };
}

async function* readBytes(
  body: FetchAnswer['body'],
  limit: Limit,
  silenceMs: number,
  translate: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let isOver = false;
  try {
    for (;;) {
      limit.begin(silenceMs);
      const { done, value } = await reader.read();
      limit.end();
      isOver = done;
      if (done || value === undefined) return;
      yield value;
    }
  } catch (error) {
    throw translate(error);
  } finally {
    limit.end();
    // A reader that leaves early ends the request; whatever that answers, it has gone.
    if (!isOver) reader.cancel().catch(() => undefined);
  }
}
