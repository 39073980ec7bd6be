/**
 * Changes as the messages that go out, each resource as it is now. What many readers of a process wait for at the same
 * place is read and written down once: a thousand readers of a batch cost one read.
 */
import { readBatches, type StoredBatch } from '../shared/read-batch.ts';
import { readFiles } from '../shared/read-file.ts';
import type { ApiContext } from './api-context.ts';
import { readChanges, streamKey, type Change, type Changes, type Watched } from './read-events.ts';
import { toBatch } from './show-batch.ts';
import { aroundFiles, toFile } from './show-files.ts';

/** `bytes`: the messages as they go out. `gone`: the batch that was watched is no more. */
export type Chunk = { readonly bytes: Buffer; readonly lastId: string } | 'gap' | 'gone' | null;

export type ReadChunk = (watched: Watched, after: string) => Promise<Chunk>;

/** Readers of the same place come within a moment; what changes later is told later, under a later id. */
const sharedMs = 1000;

export function createChunkReader(ctx: ApiContext): ReadChunk {
  const shared = new Map<string, Promise<Chunk>>();
  const open = (name: string, watched: Watched, after: string): Promise<Chunk> => {
    const reading = renderChunk(ctx, watched, after);
    shared.set(name, reading);
    const forget = (): void => {
      if (shared.get(name) === reading) shared.delete(name);
    };
    const keep = (chunk: Chunk): unknown =>
      chunk === null || typeof chunk === 'string' ? forget() : setTimeout(forget, sharedMs).unref();
    void reading.then(keep, forget);
    return reading;
  };
  return async (watched, after) => {
    const name = `${streamKey(ctx, watched)} ${after}`;
    const joined = shared.get(name);
    // Nothing, for one who joined: that reading may have begun before the news that woke this reader.
    const found = joined === undefined ? null : await joined;
    return found ?? shared.get(name) ?? open(name, watched, after);
  };
}

async function renderChunk(ctx: ApiContext, watched: Watched, after: string): Promise<Chunk> {
  const read = await readChanges(ctx, watched, after);
  if (read === null || read === 'gap') return read;
  const ids = [...new Set(read.changes.map(({ batchId }) => batchId))];
  const batches = new Map((await readBatches(ctx, ids)).map((batch) => [batch.id, batch]));
  if (watched.kind === 'batch' && !batches.has(watched.batchId)) return 'gone';
  return { bytes: Buffer.from(await toMessages(ctx, read, batches)), lastId: read.lastId };
}

/** As text of the stream; what JSON gives has no line breaks. */
async function toMessages(
  ctx: ApiContext,
  { changes }: Changes,
  batches: ReadonlyMap<string, StoredBatch>,
): Promise<string> {
  const files = new Map<string, string>();
  for (const batch of batches.values()) {
    const indexes = changes.flatMap((one) => (one.batchId === batch.id && one.index !== null ? [one.index] : []));
    if (indexes.length === 0) continue;
    const [views, around] = await Promise.all([readFiles(ctx, batch.id, indexes), aroundFiles(ctx, batch)]);
    for (const view of views) files.set(`${batch.id} ${view.file.index}`, JSON.stringify(toFile(view, around)));
  }
  const dataOf = ({ batchId, index }: Change): string | undefined => {
    const batch = batches.get(batchId);
    if (index !== null || batch === undefined) return files.get(`${batchId} ${index}`);
    return JSON.stringify(toBatch(ctx, batch));
  };
  const messages = changes.map((change) => {
    const data = dataOf(change);
    const event = change.index === null ? 'batch' : 'file';
    return data === undefined ? '' : `id: ${change.id}\nevent: ${event}\ndata: ${data}\n\n`;
  });
  return messages.join('');
}
