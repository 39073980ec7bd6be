/** What a caller may see: its own, or all as admin. Anything else does not exist for it: 404, never 403. */
import type { FastifyRequest } from 'fastify';
import type { Context } from '../shared/context.ts';
import { parseFileId } from '../shared/ids.ts';
import { readBatch, type StoredBatch } from '../shared/read-batch.ts';
import { readFile, type FileView } from '../shared/read-file.ts';
import { mayTouch } from './auth.ts';
import { notFound } from './refused-error.ts';

export async function visibleBatch(ctx: Context, request: FastifyRequest, id: string): Promise<StoredBatch> {
  const batch = await readBatch(ctx, id);
  if (batch === null || !mayTouch(request.caller, batch.tenant)) throw notFound('batch');
  return batch;
}

export async function visibleFile(
  ctx: Context,
  request: FastifyRequest,
  params: { readonly id: string; readonly file_id: string },
): Promise<{ batch: StoredBatch; view: FileView }> {
  const batch = await visibleBatch(ctx, request, params.id);
  const view = parseFileId(params.file_id)?.batchId === batch.id ? await readFile(ctx, params.file_id) : null;
  if (view === null) throw notFound('file');
  return { batch, view };
}
