/** Reads an event stream from a place on: each file and batch that changed, once, in the order of their last changes. */
import { z } from 'zod';
import type { Context } from '../shared/context.ts';

/** The stream of one batch, of a tenant's batches, or of all. */
export type Watched =
  | { readonly kind: 'batch'; readonly batchId: string }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'all' };

/** Entries of one read, two a file; a reader that lags behind gets several. */
const entriesAtOnce = 400;
/** As lib.lua trims. */
const entriesKept = 40_000;
/** Before the first entry of a stream. */
export const noEvent = '0-0';

export interface Change {
  /** Of the stream: safe to resume from once this and what is before it was sent. */
  readonly id: string;
  readonly batchId: string;
  /** Null: the batch itself. */
  readonly index: number | null;
}

export interface Changes {
  readonly changes: readonly Change[];
  readonly lastId: string;
}

const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string())]));

export function streamKey({ keys }: Context, watched: Watched): string {
  if (watched.kind === 'batch') return keys.events(watched.batchId);
  return watched.kind === 'tenant' ? keys.tenantEvents(watched.tenant) : keys.allEvents();
}

/** Null: nothing new. `gap`: the place is not in the stream (any more), so what happened since is not known. */
export async function readChanges(ctx: Context, watched: Watched, after: string): Promise<Changes | 'gap' | null> {
  const key = streamKey(ctx, watched);
  const replies = await ctx.redis
    .pipeline()
    .xrange(key, after, after)
    .xrange(key, `(${after}`, '+', 'COUNT', entriesAtOnce)
    .xlen(key)
    .exec();
  const [place, entries, length] = (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  // The stream of a batch begins with its acceptance; the wide ones may begin empty.
  const isStart = after === noEvent && watched.kind !== 'batch' && Number(length) < entriesKept;
  const isThere = isStart || entriesSchema.parse(place).length > 0;
  if (!isThere) return 'gap';
  const found = entriesSchema.parse(entries);
  const last = found.at(-1);
  return last === undefined ? null : { changes: toChanges(watched, found), lastId: last[0] };
}

function toChanges(watched: Watched, entries: readonly [string, readonly string[]][]): Change[] {
  const lastChange = new Map<string, Change>();
  for (const [id, fields] of entries) {
    const named = Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : [])));
    const batchId = watched.kind === 'batch' ? watched.batchId : named['b'];
    if (batchId === undefined) continue;
    const index = named['f'] === undefined ? null : Number(named['f']);
    const what = `${batchId} ${index}`;
    // Deleted first, so that the map keeps the order of last changes.
    lastChange.delete(what);
    lastChange.set(what, { id, batchId, index });
  }
  return [...lastChange.values()];
}

/** The id of the stream's newest entry. */
export async function lastEventId(ctx: Context, watched: Watched): Promise<string> {
  const [newest] = await ctx.redis.xrevrange(streamKey(ctx, watched), '+', '-', 'COUNT', 1);
  return newest?.[0] ?? noEvent;
}

const idForm = /^\d{1,15}-\d{1,10}$/;

/** Ids of another stream, and what was never an id, name no place here. */
export const isEventId = (text: string): boolean => idForm.test(text);
