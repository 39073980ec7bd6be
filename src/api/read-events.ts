/** Reads a batch's event stream from a place on, and makes of it what is sent: each file once, as it is now. */
import { z } from 'zod';
import type { Context } from '../shared/context.ts';

/** Entries of one read; a reader that lags behind gets several. */
const entriesAtOnce = 1000;

export interface Changes {
  /** Files that changed, in the order of their last change; `id` is safe to resume from once it has been sent. */
  readonly files: readonly { readonly index: number; readonly id: string }[];
  /** The stream is read up to here. */
  readonly lastId: string;
}

const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string())]));

/** Null: nothing new. `gap`: the stream was cut beyond the place, so what happened in between is not known. */
export async function readChanges(ctx: Context, batchId: string, after: string): Promise<Changes | 'gap' | null> {
  const key = ctx.keys.events(batchId);
  const replies = await ctx.redis
    .pipeline()
    .xrange(key, '-', '+', 'COUNT', 1)
    .xrange(key, `(${after}`, '+', 'COUNT', entriesAtOnce)
    .exec();
  const [oldest, entries] = (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return entriesSchema.parse(value);
  });
  const [first] = oldest ?? [];
  if (first !== undefined && isBefore(after, first[0])) return 'gap';
  const last = entries?.at(-1);
  return entries === undefined || last === undefined ? null : toChanges(entries, last[0], after);
}

function toChanges(entries: readonly [string, readonly string[]][], lastId: string, after: string): Changes {
  const lastChange = new Map<number, string>();
  for (const [id, fields] of entries) {
    if (fields[0] !== 'f') continue;
    // Deleted first, so that the map keeps the order of last changes.
    lastChange.delete(Number(fields[1]));
    lastChange.set(Number(fields[1]), id);
  }
  let safe = after;
  const files = [...lastChange].map(([index, id]) => {
    // The very last id goes with the batch that follows: a reader cut off before it has to get the batch.
    if (id !== lastId) safe = id;
    return { index, id: safe };
  });
  return { files, lastId };
}

/** The id of the stream's newest entry. An accepted batch has at least one. */
export async function lastEventId(ctx: Context, batchId: string): Promise<string> {
  const [newest] = await ctx.redis.xrevrange(ctx.keys.events(batchId), '+', '-', 'COUNT', 1);
  return newest?.[0] ?? '0-0';
}

const idForm = /^\d{1,15}-\d{1,10}$/;

/** Can a reader go on after this id? Not after one that is not of this stream, or lies beyond its end. */
export function isResumable(id: string, lastId: string): boolean {
  return idForm.test(id) && !isBefore(lastId, id);
}

/** Ids are `<ms>-<sequence>`. */
function isBefore(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms < otherMs || (ms === otherMs && sequence < otherSequence);
}
