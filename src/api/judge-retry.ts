/** Which files a retry is for, and where their outputs shall go from now on. Every fault of the request at once. */
import { parseFileId } from '../shared/ids.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFiles, type FileView } from '../shared/read-file.ts';
import type { ApiContext } from './api-context.ts';
import type { RetryRequest } from './batches.schema.ts';
import { judgeUrl } from './judge-batch.ts';
import { pointerTo, type PathPart } from './pointer.ts';
import type { ProblemError } from './problem.schema.ts';
import { invalid } from './refused-error.ts';

interface Named {
  readonly id: string;
  readonly path: readonly PathPart[];
  readonly putUrl: string | null;
}

/** Indexes of the named files that have failed; undefined: the caller named none. New destinations are set by then. */
export async function judgeRetry(
  ctx: ApiContext,
  batch: StoredBatch,
  request: RetryRequest,
): Promise<number[] | undefined> {
  if (request?.file_ids == null && request?.files == null) return undefined;
  const named: Named[] = [
    ...(request.file_ids ?? []).map((id, at) => ({ id, path: ['file_ids', at], putUrl: null })),
    ...(request.files ?? []).map(({ id, destination }, at) => ({
      id,
      path: ['files', at, 'id'],
      putUrl: destination?.put_url ?? null,
    })),
  ];
  const errors = named.flatMap((one) => faultsOf(ctx, batch, one));
  if (errors.length > 0) throw invalid(errors);
  const putUrls = new Map(named.map(({ id, putUrl }) => [parseFileId(id)?.index ?? -1, putUrl]));
  const views = await readFiles(ctx, batch.id, [...putUrls.keys()]);
  const failed = views.filter(({ file }) => file.state.status === 'failed');
  for (const view of failed) await readdress(ctx, view, putUrls.get(view.file.index) ?? null);
  return failed.map(({ file }) => file.index);
}

function faultsOf(ctx: ApiContext, batch: StoredBatch, { id, path, putUrl }: Named): ProblemError[] {
  const place = parseFileId(id);
  const isKnown = place?.batchId === batch.id && place.index < batch.progress.counts.total;
  const detail = 'There is no such file in this batch.';
  const unknown = isKnown ? [] : [{ pointer: pointerTo(path), code: 'unknown_file', detail }];
  const toUrl = [...path.slice(0, -1), 'destination', 'put_url'];
  return [...unknown, ...judgeUrl(putUrl, toUrl, { allowPrivate: ctx.config.sourceAllowPrivate })];
}

/** A file that has moved on meanwhile is not failed any more: the retry passes it over, too. */
async function readdress(ctx: ApiContext, { file, rev }: FileView, putUrl: string | null): Promise<void> {
  if (putUrl === null) return;
  await ctx.scripts.readdress(file.id, rev, JSON.stringify({ ...file.input, destination: { putUrl } }));
}
