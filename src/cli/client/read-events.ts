/**
 * The live events of a batch over SSE. A lost connection is opened again with Last-Event-ID, so that no change is
 * missed; the reader only sees a `lost` event meanwhile. It never ends by itself: the reader leaves when it has enough.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { call, isPassing, type Connection } from './call.ts';
import { toLiveEvent, type LiveEvent } from './live-event.ts';
import { UnreachableError } from './unreachable-error.ts';

export interface ReadEventsOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long a service that has answered once may stay away before UnreachableError. */
  readonly patienceMs?: number;
}

/** A restart, a deployment or a network that changes is over by then. */
const defaultPatienceMs = 300_000;
const firstWaitMs = 250;
const maxWaitMs = 10_000;
/** The service sends heartbeats; silence for this long is a dead connection. */
const silenceMs = 120_000;
/** One event is one resource: megabytes at most. */
const maxEventChars = 16 * 1024 * 1024;

export async function* readEvents(
  connection: Connection,
  batchId: string,
  options: ReadEventsOptions = {},
): AsyncGenerator<LiveEvent, never> {
  const stream = { batchId, lastEventId: null, signal: options.signal };
  const outage = openOutage(options.patienceMs ?? defaultPatienceMs);
  let hasAnswered = false;
  for (;;) {
    try {
      for await (const event of readStream(connection, stream)) {
        outage.over(event.type === 'opened');
        if (event.type !== 'opened' || hasAnswered) yield event;
        hasAnswered = true;
      }
    } catch (error) {
      // The first connection fails at once: a wrong address or id must not look like a slow service.
      if (!hasAnswered || !isPassing(error) || outage.isTooLong()) throw error;
    }
    connection.signal?.throwIfAborted();
    if (outage.isTooLong()) throw new UnreachableError(connection.url, null);
    yield { type: 'lost' };
    await delay(outage.nextWaitMs(), undefined, { signal: options.signal ?? connection.signal ?? undefined });
  }
}

interface Stream {
  readonly batchId: string;
  lastEventId: string | null;
  readonly signal: AbortSignal | undefined;
}

async function* readStream(connection: Connection, stream: Stream): AsyncGenerator<LiveEvent> {
  const answer = await call(connection, {
    method: 'GET',
    path: `/batches/${encodeURIComponent(stream.batchId)}/events`,
    headers: {
      accept: 'text/event-stream',
      ...(stream.lastEventId === null ? {} : { 'last-event-id': stream.lastEventId }),
    },
    repeatable: stream.lastEventId === null,
    signal: stream.signal,
    bodyTimeoutMs: silenceMs,
  });
  yield { type: 'opened' };
  for await (const message of readMessages(connection, answer)) {
    // Only what reached the reader counts as seen: the id moves with the event that is handed over.
    if (message.id !== undefined) stream.lastEventId = message.id;
    const event = toLiveEvent(message);
    if (event !== null) yield event;
  }
}

async function* readMessages(
  connection: Connection,
  answer: Dispatcher.ResponseData,
): AsyncGenerator<EventSourceMessage> {
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => waiting.push(message), maxBufferSize: maxEventChars });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* waiting.splice(0);
    }
  } catch (error) {
    connection.signal?.throwIfAborted();
    throw new UnreachableError(connection.url, error);
  }
}

/** How long the service has been away, and how long to wait before the next try: doubling, up to 10 s. */
function openOutage(patienceMs: number) {
  let since: number | null = null;
  let waitMs = firstWaitMs;
  return {
    /** A connection that only opens, and ends again at once, must not be opened ever faster. */
    over(isOnlyOpened: boolean): void {
      since = null;
      if (!isOnlyOpened) waitMs = firstWaitMs;
    },
    isTooLong: () => since !== null && performance.now() - since > patienceMs,
    nextWaitMs(): number {
      since ??= performance.now();
      const now = waitMs;
      waitMs = Math.min(maxWaitMs, waitMs * 2);
      return now;
    },
  };
}
