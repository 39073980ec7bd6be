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
const rowSchema = z.tuple([nullable, nullable, nullable]);

/** In the order asked for, in one round trip; those that are gone are left out. */
export async function readFiles(ctx: Context, batchId: string, indexes: readonly number[]): Promise<FileView[]> {
  const spec = await readSpec(ctx, batchId);
  if (spec === null || indexes.length === 0) return [];
  const pipeline = ctx.redis.pipeline();
  for (const index of indexes) {
    const id = fileId(batchId, index);
    pipeline.hmget(ctx.keys.file(id), 'rev', 'p', 'i').get(ctx.keys.live(id));
  }
  const replies = ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  return indexes.flatMap((index, at) => {
    const [rev, progress, input] = rowSchema.parse(replies[2 * at]);
    if (rev === null || progress === null || input === null) return [];
    const stored = { id: fileId(batchId, index), batchId, index, progress, input };
    return [{ ...toShownRecord(stored, spec), rev: Number(rev), live: toLive(replies[2 * at + 1]) }];
  });
}

/** A note that another release wrote differently is no reason to show nothing. */
function toLive(text: unknown): Live | null {
  if (typeof text !== 'string') return null;
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
