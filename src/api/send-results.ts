/** Streams every file of a batch, as NDJSON or CSV, a page at a time, no faster than the reader takes it. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFiles } from '../shared/read-file.ts';
import type { ApiContext } from './api-context.ts';
import type { FileResource } from './files.schema.ts';
import { preferredType } from './preferred-type.ts';
import { aroundFiles, toFile } from './show-files.ts';

const pageSize = 200;

export function sendResults(
  ctx: ApiContext,
  batch: StoredBatch,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const type = preferredType(request.headers.accept, ['application/x-ndjson', 'text/csv']);
  const isCsv = type === 'text/csv';
  const stream = Readable.from(isCsv ? csvOf(ctx, batch) : linesOf(ctx, batch), { highWaterMark: 1 });
  // The status has left by the first page: a failure later on can only cut the stream, which the reader sees.
  stream.on('error', (error) => reply.log.error({ err: error, batch_id: batch.id }, 'results cut'));
  reply.header('vary', 'accept');
  if (!isCsv) return reply.header('content-type', type).send(stream);
  return reply
    .header('content-type', 'text/csv; charset=utf-8; header=present')
    .header('content-disposition', `attachment; filename="${batch.id}.csv"`)
    .send(stream);
}

async function* linesOf(ctx: ApiContext, batch: StoredBatch): AsyncGenerator<string> {
  for await (const files of pagesOf(ctx, batch)) yield files.map((file) => `${JSON.stringify(file)}\n`).join('');
}

async function* csvOf(ctx: ApiContext, batch: StoredBatch): AsyncGenerator<string> {
  // Loaded when somebody asks for a table.
  const { csvHead, toCsv } = await import('./results-csv.ts');
  yield csvHead;
  for await (const files of pagesOf(ctx, batch)) yield toCsv(files);
}

async function* pagesOf(ctx: ApiContext, batch: StoredBatch): AsyncGenerator<FileResource[]> {
  const { total } = batch.progress.counts;
  for (let first = 0; first < total; first += pageSize) {
    const indexes = Array.from({ length: Math.min(pageSize, total - first) }, (_, at) => first + at);
    const [views, around] = await Promise.all([readFiles(ctx, batch.id, indexes), aroundFiles(ctx, batch)]);
    yield views.map((view) => toFile(view, around));
  }
}
