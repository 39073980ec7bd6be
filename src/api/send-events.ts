/**
 * Sends live events over one connection (design §7 "Live events"): the snapshot, then what changed, each resource as it
 * is when it is sent. Ids are places in the stream, strictly rising; to resume after one misses nothing. A reader that
 * takes nothing is dropped: it resumes when it comes back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SSEMessage, SSEReplyInterface } from '@fastify/sse';
import type { FastifyReply } from 'fastify';
import type { Inbox } from './inbox.ts';
import { isEventId, lastEventId, readChanges, type Watched } from './read-events.ts';
import type { Chunk, ReadChunk } from './render-events.ts';
import type { ApiContext } from './api-context.ts';

/** Bursts of changes are gathered for this long; the first one goes out at once. */
const gatherMs = 200;
/** A wake-up that was lost is made up for at the latest after this. */
const lookAnywayMs = 15_000;
/** What a reader has not taken for this long it does not read. */
const patienceMs = 10_000;

export interface EventStream {
  readonly watched: Watched;
  readonly sse: SSEReplyInterface;
  readonly raw: FastifyReply['raw'];
  readonly inbox: Inbox;
  readonly read: ReadChunk;
  /** The state to begin with, as JSON; null: there is nothing to watch any more. */
  readonly snapshot: () => Promise<string | null>;
}

export async function sendEvents(ctx: ApiContext, stream: EventStream): Promise<void> {
  let at = await start(ctx, stream);
  while (at !== null && isOpen(stream)) {
    await stream.inbox.wait(lookAnywayMs);
    for (const { file_id, progress, note } of stream.inbox.takeProgress()) {
      await send(stream, { event: 'progress', data: JSON.stringify({ file_id, progress, note }) });
    }
    const next: string | null = await sendChunk(ctx, stream, at);
    if (next !== at && isOpen(stream)) await delay(gatherMs);
    at = next;
  }
}

const isOpen = ({ sse, inbox }: EventStream): boolean => sse.isConnected && !inbox.isEnded();

/** Where to go on from; null: there is nothing to watch. */
async function start(ctx: ApiContext, stream: EventStream): Promise<string | null> {
  const wanted = stream.sse.lastEventId;
  if (wanted === null) return sendSnapshot(ctx, stream);
  const isKnown = isEventId(wanted) && (await readChanges(ctx, stream.watched, wanted)) !== 'gap';
  if (!isKnown) return reset(ctx, stream);
  // Answers at once, also where there is nothing to send yet.
  stream.sse.sendHeaders();
  stream.raw.flushHeaders();
  return wanted;
}

/** The client has to page again. */
async function reset(ctx: ApiContext, stream: EventStream): Promise<string | null> {
  await send(stream, { event: 'reset', data: '{}' });
  return sendSnapshot(ctx, stream);
}

async function sendSnapshot(ctx: ApiContext, stream: EventStream): Promise<string | null> {
  // Read before the state: what happens in between is told again, never left out.
  const id = await lastEventId(ctx, stream.watched);
  const data = await stream.snapshot();
  if (data === null) return null;
  await send(stream, { id, event: 'snapshot', data });
  return id;
}

async function sendChunk(ctx: ApiContext, stream: EventStream, at: string): Promise<string | null> {
  const chunk: Chunk = await stream.read(stream.watched, at);
  if (chunk === null) return at;
  if (chunk === 'gone') return null;
  if (chunk === 'gap') return reset(ctx, stream);
  for (const message of chunk.messages) {
    if (!isOpen(stream)) return at;
    await send(stream, { ...message });
  }
  // More may be there than one read takes.
  stream.inbox.changed();
  return chunk.lastId;
}

/** Waits for a slow reader, not for one that reads nothing, and not for one that has gone: its `drain` never comes. */
async function send({ sse, raw, inbox }: EventStream, message: SSEMessage): Promise<void> {
  if (!sse.isConnected) return;
  const sent = sse.send(message);
  if (!raw.writableNeedDrain) return sent;
  const settled = Promise.withResolvers<void>();
  const timer = setTimeout(() => raw.destroy(), patienceMs);
  inbox.onEnd(settled.resolve);
  sent.then(settled.resolve, settled.reject);
  try {
    await settled.promise;
  } finally {
    clearTimeout(timer);
  }
}
