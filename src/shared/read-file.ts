/** Reads files for showing: one, some by index, or a page. Never for `decide`: what is written goes through advance. */
import { z } from 'zod';
import type { Context } from './context.ts';
import type { FileRecord } from './domain/file.ts';
import type { FileStatus } from './domain/file-state.ts';
import { fileId, parseFileId } from './ids.ts';
import { readSpec } from './load-file.ts';
import { toShownRecord } from './stored-file.ts';

/** Progress inside a run: volatile, never saved (design §7 "Live events"). */
const liveSchema = z.object({ progress: z.number().nullable(), note: z.string().nullable() });
export type Live = z.infer<typeof liveSchema>;

export interface FileView {
  readonly file: FileRecord;
  readonly rev: number;
  readonly live: Live | null;
  /** A newer release wrote it: shown as far as it is understood, moved by that release alone. */
  readonly newer: boolean;
}

/** What files share that a resource needs: read once a page. */
export interface AccountView {
  /** 0: no pause. Ms of Redis' clock. */
  readonly until: number;
  readonly blocked: string | null;
  readonly helpUrl: string | null;
  readonly downSince: number | null;
}

const nullable = z.string().nullable();
const rowsSchema = z.array(z.tuple([nullable, nullable, nullable, nullable]));
/** Files read by one script call: short enough for everybody else. */
const chunkSize = 500;

/** In the order asked for; those that are gone are left out. */
export async function readFiles(ctx: Context, batchId: string, indexes: readonly number[]): Promise<FileView[]> {
  const spec = await readSpec(ctx, batchId);
  const views: FileView[] = [];
  if (spec === null) return views;
  for (let first = 0; first < indexes.length; first += chunkSize) {
    const chunk = indexes.slice(first, first + chunkSize);
    const ids = chunk.map((index) => fileId(batchId, index));
    const reply = await ctx.scripts['read-files'](...ids);
    const rows = rowsSchema.parse(reply);
    // What ioredis has answered is kept until a major collection (measured with Node 24), so it is emptied: long lists of
    // files would grow the heap by all that they read.
    if (Array.isArray(reply)) reply.length = 0;
    for (const [at, [rev, progress, input, live]] of rows.entries()) {
      const [id, index] = [ids[at], chunk[at]];
      if (rev === null || progress === null || input === null || id === undefined || index === undefined) continue;
      const shown = toShownRecord({ id, batchId, index, progress, input }, spec);
      views.push({ ...shown, rev: Number(rev), live: toLive(live) });
    }
  }
  return views;
}

/** A note that another release wrote differently is no reason to show nothing. */
function toLive(text: string | null): Live | null {
  if (text === null) return null;
  const parsed = liveSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

export async function readFile(ctx: Context, id: string): Promise<FileView | null> {
  const place = parseFileId(id);
  if (place === null) return null;
  const [view] = await readFiles(ctx, place.batchId, [place.index]);
  return view ?? null;
}

export interface FileQuery {
  readonly batchId: string;
  readonly total: number;
  readonly status: FileStatus | null;
  readonly limit: number;
  /** Files after this index; -1: from the start. */
  readonly after: number;
}

/** `next`: the index to go on after; null on the last page. */
export async function listFiles(ctx: Context, query: FileQuery): Promise<{ files: FileView[]; next: number | null }> {
  const found = query.status === null ? indexesAfter(query) : await indexesOf(ctx, query, query.status);
  const indexes = found.slice(0, query.limit);
  const files = await readFiles(ctx, query.batchId, indexes);
  return {
    // Between index and record a file may have moved on: it is not of that status any more.
    files: files.filter(({ file }) => query.status === null || file.state.status === query.status),
    next: found.length > query.limit ? (indexes.at(-1) ?? null) : null,
  };
}

function indexesAfter({ after, total, limit }: FileQuery): number[] {
  const count = Math.max(0, Math.min(limit + 1, total - after - 1));
  return Array.from({ length: count }, (_, at) => after + 1 + at);
}

async function indexesOf(ctx: Context, query: FileQuery, status: FileStatus): Promise<number[]> {
  const key = ctx.keys.status(query.batchId, status);
  const members = await ctx.redis.zrange(key, `(${query.after}`, '+inf', 'BYSCORE', 'LIMIT', 0, query.limit + 1);
  return members.map(Number);
}

export async function readAccount(ctx: Context): Promise<AccountView> {
  const key = ctx.keys.account(ctx.accountId);
  const [until, blocked, helpUrl, downSince] = await ctx.redis.hmget(key, 'until', 'blocked', 'help_url', 'down_since');
  return {
    until: Number(until ?? 0),
    blocked: blocked ?? null,
    helpUrl: helpUrl === undefined || helpUrl === '' ? null : helpUrl,
    downSince: downSince === null || downSince === undefined ? null : Number(downSince),
  };
}
