/**
 * The live events of a batch over SSE. A lost connection is opened again with Last-Event-ID, so that no change is
 * missed; the reader only sees a `lost` event meanwhile. It never ends by itself: the reader leaves when it has enough.
 */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Answer } from './answer.ts';
import { call, isPassing } from './call.ts';
import { callerSignal, type CallOptions, type Connection } from './connection.ts';
import { delay } from './delay.ts';
import { toLiveEvent, type LiveEvent } from './live-event.ts';
import { UnreachableError } from './unreachable-error.ts';

export interface ReadEventsOptions extends CallOptions {
  /** The `id` of the last event that was dealt with, by another process too: what came after it is told, no snapshot. */
  readonly lastEventId?: string | undefined;
  /** How long a service that has answered once may stay away before UnreachableError; five minutes without it. */
  readonly patienceMs?: number | undefined;
}

/** A restart, a deployment or a network that changes is over by then. */
const defaultPatienceMs = 300_000;
const firstWaitMs = 250;
const maxWaitMs = 10_000;
/** One event is one resource: megabytes at most. */
const maxEventChars = 16 * 1024 * 1024;

export async function* readEvents(
  connection: Connection,
  batchId: string,
  options: ReadEventsOptions = {},
): AsyncGenerator<LiveEvent, never> {
  const signal = callerSignal(connection, options);
  const stream: Stream = { batchId, lastEventId: options.lastEventId ?? null, hasAnswered: false, signal };
  const outage = openOutage(options.patienceMs ?? defaultPatienceMs);
  for (;;) {
    try {
      for await (const event of readStream(connection, stream)) {
        outage.over(event.type === 'opened');
        if (event.type !== 'opened' || stream.hasAnswered) yield event;
        stream.hasAnswered = true;
      }
    } catch (error) {
      // The first connection fails at once: a wrong address or id must not look like a slow service.
      if (!stream.hasAnswered || !isPassing(error) || outage.isTooLong()) throw error;
    }
    signal.throwIfAborted();
    if (outage.isTooLong()) throw new UnreachableError(connection.url, null);
    yield { type: 'lost' };
    await delay(outage.nextWaitMs(), signal);
  }
}

interface Stream {
  readonly batchId: string;
  lastEventId: string | null;
  hasAnswered: boolean;
  readonly signal: AbortSignal;
}

async function* readStream(connection: Connection, stream: Stream): AsyncGenerator<LiveEvent> {
  const answer = await call(connection, {
    method: 'GET',
    path: `/batches/${encodeURIComponent(stream.batchId)}/events`,
    headers: {
      accept: 'text/event-stream',
      ...(stream.lastEventId === null ? {} : { 'last-event-id': stream.lastEventId }),
    },
    repeatable: !stream.hasAnswered,
    signal: stream.signal,
  });
  yield { type: 'opened' };
  for await (const message of readMessages(answer)) {
    // Only what reached the reader counts as seen: the id moves with the event that is handed over.
    if (message.id !== undefined) stream.lastEventId = message.id;
    const event = toLiveEvent(message);
    if (event !== null) yield event;
  }
}

async function* readMessages(answer: Answer): AsyncGenerator<EventSourceMessage> {
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => waiting.push(message), maxBufferSize: maxEventChars });
  const decoder = new TextDecoder();
  for await (const chunk of answer.bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* waiting.splice(0);
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
