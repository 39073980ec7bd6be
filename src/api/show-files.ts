/** Files as resources, with what surrounds them read once. */
import type { StoredBatch } from '../shared/read-batch.ts';
import { readAccount, type FileView } from '../shared/read-file.ts';
import { toFileResource, type FileSurroundings } from '../shared/to-file-resource.ts';
import type { ApiContext } from './api-context.ts';
import type { FileResource } from './files.schema.ts';

export async function aroundFiles(ctx: ApiContext, batch: StoredBatch): Promise<FileSurroundings> {
  const account = await readAccount(ctx);
  return { batch, account, now: ctx.account.gate.redisNow(), baseUrl: ctx.config.publicUrl };
}

export const toFile = (view: FileView, around: FileSurroundings): FileResource => toFileResource(view, around);

/** One file, with the link that opens its session; none where that would be a call for nothing, or would have to wait. */
export async function toFileWithLink(ctx: ApiContext, batch: StoredBatch, view: FileView): Promise<FileResource> {
  const around = await aroundFiles(ctx, batch);
  const { session } = view.file;
  const { account, now } = around;
  const isCanceled = batch.progress.canceledRound === batch.progress.round;
  const isQuiet = account.until > now || account.downSince !== null || account.blocked !== null;
  if (session === null || isCanceled || isQuiet) return toFileResource(view, around);
  return toFileResource(view, { ...around, openUrl: await ctx.openUrlOf(session).catch(() => null) });
}
