/** Reads an event stream from a place on: each file and batch that changed, once, in the order of their last changes. */
import { z } from 'zod';
import type { Context } from '../shared/context.ts';

/** The stream of one batch, of a tenant's batches, or of all. */
export type Watched =
  | { readonly kind: 'batch'; readonly batchId: string }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'all' };

/** Entries of one read, one a change; a reader that lags behind gets several. */
const entriesAtOnce = 200;
/** As lib.lua trims. */
const entriesKept = 20_000;
/** Before the first entry of a stream; an id and an entry's alike. */
export const noEvent = '0-0';

/**
 * A change of a file changes its batch, too: one entry of the stream, and two messages. Each needs an id that one may resume
 * from, so there are two for each entry: after the file alone, and after all of it.
 */
const toEventId = (entryId: string, isWhole: boolean): string => {
  const [time = '0', number = '0'] = entryId.split('-');
  return `${time}-${2 * Number(number) + (isWhole ? 1 : 0)}`;
};

function fromEventId(eventId: string): { readonly entryId: string; readonly isWhole: boolean } {
  const [time = '0', number = '0'] = eventId.split('-');
  return { entryId: `${time}-${Math.floor(Number(number) / 2)}`, isWhole: Number(number) % 2 === 1 };
}

export interface Change {
  /** Safe to resume from once this and what is before it was sent. */
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
  const { entryId: place, isWhole } = fromEventId(after);
  const replies = await ctx.redis
    .pipeline()
    .xrange(key, place, place)
    .xrange(key, `(${place}`, '+', 'COUNT', entriesAtOnce)
    .xlen(key)
    .exec();
  const [atPlace, entries, length] = (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  // The stream of a batch begins with its acceptance; the wide ones may begin empty.
  const isStart = after === noEvent && watched.kind !== 'batch' && Number(length) < entriesKept;
  const [here] = entriesSchema.parse(atPlace);
  if (!isStart && here === undefined) return 'gap';
  // Of the entry at the place the file was told; its batch still is to be.
  const open = here === undefined || isWhole ? [] : toChanges(watched, here).slice(1);
  const found = entriesSchema.parse(entries);
  const changes = lastOfEach([...open, ...found.flatMap((entry) => toChanges(watched, entry))]);
  const newest = found.at(-1);
  if (newest !== undefined) return { changes, lastId: toEventId(newest[0], true) };
  return here === undefined || changes.length === 0 ? null : { changes, lastId: toEventId(here[0], true) };
}

/** The file, where the entry names one, then the batch. */
function toChanges(watched: Watched, [id, fields]: readonly [string, readonly string[]]): Change[] {
  const named = Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : [])));
  const batchId = watched.kind === 'batch' ? watched.batchId : named['b'];
  if (batchId === undefined) return [];
  const whole = { id: toEventId(id, true), batchId, index: null };
  if (named['f'] === undefined) return [whole];
  return [{ id: toEventId(id, false), batchId, index: Number(named['f']) }, whole];
}

function lastOfEach(changes: readonly Change[]): Change[] {
  const lastChange = new Map<string, Change>();
  for (const change of changes) {
    const what = `${change.batchId} ${change.index}`;
    // Deleted first, so that the map keeps the order of last changes.
    lastChange.delete(what);
    lastChange.set(what, change);
  }
  return [...lastChange.values()];
}

/** Of the stream's newest entry: all of it is known to who reads what it is about after asking for this. */
export async function lastEventId(ctx: Context, watched: Watched): Promise<string> {
  const [newest] = await ctx.redis.xrevrange(streamKey(ctx, watched), '+', '-', 'COUNT', 1);
  return newest === undefined ? noEvent : toEventId(newest[0], true);
}

const idForm = /^\d{1,15}-\d{1,11}$/;

/** Ids of another stream, and what was never an id, name no place here. */
export const isEventId = (text: string): boolean => idForm.test(text);
