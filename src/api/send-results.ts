/** Streams every file of a batch as NDJSON, a page at a time, no faster than the reader takes it. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFiles } from '../shared/read-file.ts';
import type { ApiContext } from './api-context.ts';
import { aroundFiles, toFile } from './show-files.ts';

const pageSize = 200;

export function sendResults(ctx: ApiContext, batch: StoredBatch, reply: FastifyReply): FastifyReply {
  const stream = Readable.from(pagesOf(ctx, batch));
  // The status has left by the first page: a failure later on can only cut the stream, which the reader sees.
  stream.on('error', (error) => reply.log.error({ err: error, batch_id: batch.id }, 'results cut'));
  return reply.header('content-type', 'application/x-ndjson').send(stream);
}

async function* pagesOf(ctx: ApiContext, batch: StoredBatch): AsyncGenerator<string> {
  const { total } = batch.progress.counts;
  for (let first = 0; first < total; first += pageSize) {
    const indexes = Array.from({ length: Math.min(pageSize, total - first) }, (_, at) => first + at);
    const [views, around] = await Promise.all([readFiles(ctx, batch.id, indexes), aroundFiles(ctx, batch)]);
    yield views.map((view) => `${JSON.stringify(toFile(view, around))}\n`).join('');
  }
}
