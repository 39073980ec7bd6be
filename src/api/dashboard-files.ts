/** Rows of the table of files: a page by place in the list, of all or of a status, an error code or a text. */
import type { FileStatus } from '../shared/domain/file-state.ts';
import type { ErrorCode } from '../shared/domain/error-codes.ts';
import { isWork } from '../shared/domain/moves.ts';
import { fileId } from '../shared/ids.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFiles, type FileView } from '../shared/read-file.ts';
import type { FileSurroundings } from '../shared/to-file-resource.ts';
import { progressPercent } from '../shared/progress-percent.ts';
import { whatItWaitsFor } from '../shared/what-it-waits-for.ts';
import type { ApiContext } from './api-context.ts';
import { createRecent } from './dashboard-recent.ts';
import type { FileRow, FileRows } from './dashboard-wire.ts';
import { aroundFiles } from './show-files.ts';

const chunkSize = 1000;
const keptMs = 4000;

export interface FileRowQuery {
  readonly status: FileStatus | null;
  readonly code: ErrorCode | null;
  readonly text: string;
  readonly offset: number;
  readonly limit: number;
}

export function createFileRows(ctx: ApiContext) {
  const recent = createRecent<number[]>(keptMs);
  return async (batch: StoredBatch, query: FileRowQuery): Promise<FileRows> => {
    const { offset, limit, status, text, code } = query;
    const isPlain = text === '' && code === null;
    const { indexes, total } = isPlain
      ? await page(ctx, batch, query)
      : await recent(JSON.stringify([batch.id, status, text, code]), () => search(ctx, batch, query)).then((all) => ({
          indexes: all.slice(offset, offset + limit),
          total: all.length,
        }));
    return { rows: await readFileRows(ctx, batch, indexes), offset, total };
  };
}

async function page(ctx: ApiContext, batch: StoredBatch, { status, offset, limit }: FileRowQuery) {
  if (status === null) {
    const { total } = batch.progress.counts;
    const count = Math.max(0, Math.min(limit, total - offset));
    return { indexes: Array.from({ length: count }, (_, at) => offset + at), total };
  }
  const key = ctx.keys.status(batch.id, status);
  const [total, members] = await Promise.all([
    ctx.redis.zcard(key),
    ctx.redis.zrange(key, String(offset), String(offset + limit - 1)),
  ]);
  return { indexes: members.map(Number), total };
}

/** Looks through the whole batch: 50,000 files at most, in pieces between which others get their turn. */
async function search(ctx: ApiContext, batch: StoredBatch, { status, code, text }: FileRowQuery): Promise<number[]> {
  const from = code === null ? status : 'failed';
  const all =
    from === null
      ? Array.from({ length: batch.progress.counts.total }, (_, at) => at)
      : (await ctx.redis.zrange(ctx.keys.status(batch.id, from), '0', '-1')).map(Number);
  const found: number[] = [];
  for (let first = 0; first < all.length; first += chunkSize) {
    const chunk = all.slice(first, first + chunkSize);
    found.push(...(await searchChunk(ctx, { batch, code, text: text.toLowerCase() }, chunk)));
  }
  return found;
}

async function searchChunk(
  ctx: ApiContext,
  { batch, code, text }: { batch: StoredBatch; code: ErrorCode | null; text: string },
  chunk: readonly number[],
): Promise<number[]> {
  if (code !== null) {
    const views = await readFiles(ctx, batch.id, chunk);
    return views.flatMap(({ file }) =>
      file.state.status === 'failed' && file.state.error.code === code && says(file.input, text) ? [file.index] : [],
    );
  }
  const pipeline = ctx.redis.pipeline();
  for (const index of chunk) pipeline.hget(ctx.keys.file(fileId(batch.id, index)), 'i');
  const inputs = (await pipeline.exec()) ?? [];
  return chunk.filter((index, at) => {
    const input = inputs[at]?.[1];
    // A look at the raw text is cheap, and right in nearly every case: only what it finds is parsed.
    if (fileId(batch.id, index) === text) return true;
    if (typeof input !== 'string' || !input.toLowerCase().includes(text)) return false;
    return says(JSON.parse(input) as { name: string; customId: string | null; metadata: object }, text);
  });
}

function says(
  { name, customId, metadata }: { readonly name: string; readonly customId: string | null; readonly metadata: object },
  text: string,
): boolean {
  return [name, customId ?? '', JSON.stringify(metadata)].some((part) => part.toLowerCase().includes(text));
}

export async function readFileRows(
  ctx: ApiContext,
  batch: StoredBatch,
  indexes: readonly number[],
): Promise<FileRow[]> {
  const [views, around] = await Promise.all([readFiles(ctx, batch.id, indexes), aroundFiles(ctx, batch)]);
  return views.map((view) => toFileRow(view, around));
}

function toFileRow({ file, live }: FileView, around: FileSurroundings): FileRow {
  const { state } = file;
  const last = file.steps.at(-1);
  const waits = whatItWaitsFor(file, around);
  return {
    id: file.id,
    index: file.index,
    name: file.input.name,
    customId: file.input.customId,
    status: state.status,
    progress: progressPercent(file, live),
    // A note outlives the run that wrote it by a moment.
    note: isWork(state) ? (live?.note ?? null) : null,
    waits: waits === null ? null : { reason: waits.reason, until: waits.until, position: waits.position },
    error: state.status === 'failed' ? state.error.code : null,
    step: last?.step ?? null,
    attempts: last?.attempts ?? 0,
    finishedAt: 'finishedAt' in state ? new Date(state.finishedAt).toISOString() : null,
  };
}
