/** Files of a batch: pages, one, its output's bytes, and all of them as NDJSON. */
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { readIndexCursor, toIndexCursor } from './cursor.ts';
import { batchParams } from './batches.schema.ts';
import { fileListQuery, filePageSchema, fileParams, fileSchema } from './files.schema.ts';
import { listFiles } from '../shared/read-file.ts';
import { notModified, problems } from './responses.ts';
import { sendArchive } from './send-archive.ts';
import { sendContent } from './send-content.ts';
import { sendResults } from './send-results.ts';
import { sendTagged } from './send-tagged.ts';
import { aroundFiles, toFile, toFileWithLink } from './show-files.ts';
import { visibleBatch, visibleFile } from './visible.ts';
import { z } from 'zod';

export function addFileRoutes(app: Api, ctx: ApiContext): void {
  app.get(
    '/batches/:id/files',
    {
      schema: {
        tags: ['files'],
        summary: 'Files of a batch, in the order given',
        params: batchParams,
        querystring: fileListQuery,
        response: { 200: filePageSchema, ...problems(400, 404) },
      },
    },
    async (request) => {
      const batch = await visibleBatch(ctx, request, request.params.id);
      const { status = null, limit, cursor } = request.query;
      const { total } = batch.progress.counts;
      const query = { batchId: batch.id, total, status, limit, after: readIndexCursor(cursor) };
      const { files, next } = await listFiles(ctx, query);
      const around = await aroundFiles(ctx, batch);
      return { data: files.map((view) => toFile(view, around)), next_cursor: toIndexCursor(next) };
    },
  );
  app.get(
    '/batches/:id/files/:file_id',
    {
      exposeHeadRoute: true,
      schema: {
        tags: ['files'],
        summary: 'One file',
        params: fileParams,
        response: { 200: fileSchema, ...notModified, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { batch, view } = await visibleFile(ctx, request, request.params);
      return sendTagged(request, reply, await toFileWithLink(ctx, batch, view));
    },
  );
  app.get(
    '/batches/:id/files/:file_id/content',
    {
      schema: {
        tags: ['files'],
        summary: 'The bytes of the output (Range is honoured)',
        params: fileParams,
        response: {
          200: { description: 'The whole MP4.', content: { 'video/mp4': { schema: z.any() } } },
          206: { description: 'The part asked for.', content: { 'video/mp4': { schema: z.any() } } },
          ...problems(404, 409, 416, 502),
        },
      },
    },
    async (request, reply) => {
      const { view } = await visibleFile(ctx, request, request.params);
      return sendContent(ctx, view.file, request, reply);
    },
  );
  app.get(
    '/batches/:id/results',
    {
      schema: {
        tags: ['batches'],
        summary: 'Every file, in index order, one JSON text a line, or CSV; readable before the batch ends',
        params: batchParams,
        response: {
          200: {
            description: 'NDJSON, or the main columns as CSV with `Accept: text/csv`.',
            content: { 'application/x-ndjson': { schema: fileSchema }, 'text/csv': { schema: z.string() } },
          },
          ...problems(404),
        },
      },
    },
    async (request, reply) => sendResults(ctx, await visibleBatch(ctx, request, request.params.id), request, reply),
  );
  app.get(
    '/batches/:id/archive',
    {
      schema: {
        tags: ['batches'],
        summary: 'Every output there is as one ZIP, streamed; `manifest.ndjson` in it names what is missing or broken',
        params: batchParams,
        response: {
          200: { description: 'ZIP', content: { 'application/zip': { schema: z.any() } } },
          ...problems(404),
        },
      },
    },
    async (request, reply) => sendArchive(ctx, await visibleBatch(ctx, request, request.params.id), request, reply),
  );
}
