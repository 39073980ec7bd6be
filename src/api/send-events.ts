/**
 * Sends a batch's live events over one connection (design §7 "Live events"): the snapshot, then what changed, each
 * resource as it is when it is sent. Ids are places in the batch's stream; to resume after one misses nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SSEMessage, SSEReplyInterface } from '@fastify/sse';
import { readBatch, type StoredBatch } from '../shared/read-batch.ts';
import { readFiles } from '../shared/read-file.ts';
import type { ApiContext } from './api-context.ts';
import type { Inbox } from './inbox.ts';
import { isResumable, lastEventId, readChanges, type Changes } from './read-events.ts';
import { toBatch } from './show-batch.ts';
import { aroundFiles, toFile } from './show-files.ts';

/** Bursts of changes are gathered for this long; the first one goes out at once. */
const gatherMs = 200;
/** A wake-up that was lost is made up for at the latest after this. */
const lookAnywayMs = 15_000;
const filesAtOnce = 200;

export interface EventStream {
  readonly batchId: string;
  readonly sse: SSEReplyInterface;
  readonly inbox: Inbox;
  /** Answers at once, also where there is nothing to send yet. */
  readonly open: () => void;
}

export async function sendEvents(ctx: ApiContext, stream: EventStream): Promise<void> {
  let at = await start(ctx, stream);
  while (at !== null && isOpen(stream)) {
    await stream.inbox.wait(lookAnywayMs);
    for (const { file_id, progress, note } of stream.inbox.takeProgress()) {
      await send(stream, { event: 'progress', data: { file_id, progress, note } });
    }
    const next = await sendChanges(ctx, stream, at);
    if (next !== at && isOpen(stream)) await delay(gatherMs);
    at = next;
  }
}

const isOpen = ({ sse, inbox }: EventStream): boolean => sse.isConnected && !inbox.isEnded();

/** Where to go on from; null: the batch is gone. */
async function start(ctx: ApiContext, stream: EventStream): Promise<string | null> {
  const wanted = stream.sse.lastEventId;
  if (wanted === null) return sendSnapshot(ctx, stream);
  const isKnown = isResumable(wanted, await lastEventId(ctx, stream.batchId));
  if (!isKnown) return reset(ctx, stream);
  stream.open();
  return wanted;
}

/** The client has to page the files again. */
async function reset(ctx: ApiContext, stream: EventStream): Promise<string | null> {
  await send(stream, { event: 'reset', data: {} });
  return sendSnapshot(ctx, stream);
}

async function sendSnapshot(ctx: ApiContext, stream: EventStream): Promise<string | null> {
  // Read before the batch: what happens in between is told again, never left out.
  const id = await lastEventId(ctx, stream.batchId);
  const batch = await readBatch(ctx, stream.batchId);
  if (batch === null) return null;
  await send(stream, { id, event: 'snapshot', data: toBatch(ctx, batch) });
  return id;
}

/** Returns the new place; null: the batch is gone. */
async function sendChanges(ctx: ApiContext, stream: EventStream, at: string): Promise<string | null> {
  const changes = await readChanges(ctx, stream.batchId, at);
  if (changes === null) return at;
  if (changes === 'gap') return reset(ctx, stream);
  const batch = await readBatch(ctx, stream.batchId);
  if (batch === null) return null;
  await sendFiles(ctx, stream, { batch, changes });
  const data = toBatch(ctx, batch);
  await send(stream, { id: changes.lastId, event: 'batch', data });
  // More may be there than one read takes.
  stream.inbox.changed();
  return changes.lastId;
}

async function sendFiles(
  ctx: ApiContext,
  stream: EventStream,
  { batch, changes }: { batch: StoredBatch; changes: Changes },
): Promise<void> {
  const around = await aroundFiles(ctx, batch);
  for (let first = 0; first < changes.files.length && isOpen(stream); first += filesAtOnce) {
    const some = changes.files.slice(first, first + filesAtOnce);
    const ids = new Map(some.map(({ index, id }) => [index, id]));
    for (const view of await readFiles(ctx, batch.id, [...ids.keys()])) {
      const id = ids.get(view.file.index);
      await send(stream, { ...(id === undefined ? {} : { id }), event: 'file', data: toFile(view, around) });
    }
  }
}

/** Waits for a slow reader, but not for one that has gone: its `drain` never comes. The loop notices. */
async function send({ sse, inbox }: EventStream, message: SSEMessage): Promise<void> {
  if (!sse.isConnected) return;
  await Promise.race([sse.send(message), inbox.ended]);
}
