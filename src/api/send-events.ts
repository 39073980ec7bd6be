/**
 * Sends live events over one connection (design §7 "Live events"): the snapshot, then what changed, each resource as it
 * is when it is sent. Ids are places in the stream, strictly rising; to resume after one misses nothing. A reader that
 * takes nothing is dropped: it resumes when it comes back.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { SSEMessage, SSEReplyInterface } from '@fastify/sse';
import type { FastifyReply } from 'fastify';
import type { LiveProgress } from '../shared/live-progress.ts';
import type { Inbox } from './inbox.ts';
import { isEventId, lastEventId, readChanges, type Watched } from './read-events.ts';
import type { Chunk, ReadChunk } from './render-events.ts';
import type { ApiContext } from './api-context.ts';

/** Bursts of changes and of progress are gathered for this long; the first one goes out at once. */
const gatherMs = 100;
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
    const progress = stream.inbox.takeProgress().map(toText).join('');
    const chunk: Chunk = stream.inbox.takeChanged() ? await stream.read(stream.watched, at) : null;
    if (chunk === 'gone') return write(stream, [progress]);
    if (chunk === 'gap') {
      at = await reset(ctx, stream);
      continue;
    }
    if (chunk === null && progress === '') continue;
    await write(stream, chunk === null ? [progress] : [progress, chunk.bytes]);
    if (chunk !== null) {
      at = chunk.lastId;
      // More may be there than one read takes.
      stream.inbox.changed();
    }
    if (isOpen(stream)) await delay(gatherMs);
  }
}

const texts = new WeakMap<LiveProgress, string>();

/** One object for all who watch: it is written down once. */
function toText(progress: LiveProgress): string {
  const known = texts.get(progress);
  if (known !== undefined) return known;
  const { file_id, progress: percent, note } = progress;
  const text = `event: progress\ndata: ${JSON.stringify({ file_id, progress: percent, note })}\n\n`;
  texts.set(progress, text);
  return text;
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

/** The snapshot, or what else is this reader's alone. */
async function send(stream: EventStream, message: SSEMessage): Promise<void> {
  if (stream.sse.isConnected) await untilTaken(stream, stream.sse.send(message));
}

/**
 * A chunk is the same bytes for all readers. What is written in one turn leaves as one call of the system by itself; a
 * response that is corked by hand sends each piece, and the length before it, on its own.
 */
async function write(stream: EventStream, parts: readonly (string | Buffer)[]): Promise<void> {
  const { sse, raw } = stream;
  if (!sse.isConnected) return;
  for (const part of parts) if (part.length > 0) raw.write(part);
  if (raw.writableNeedDrain) await untilTaken(stream, once(raw, 'drain'));
}

/** Waits for a slow reader, not for one that reads nothing, and not for one that has gone: its `drain` never comes. */
async function untilTaken({ raw, inbox }: EventStream, sent: Promise<unknown>): Promise<unknown> {
  if (!raw.writableNeedDrain) return sent;
  const settled = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => raw.destroy(), patienceMs);
  inbox.onEnd(() => settled.resolve(null));
  sent.then(settled.resolve, settled.reject);
  try {
    return await settled.promise;
  } finally {
    clearTimeout(timer);
  }
}
