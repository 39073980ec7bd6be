/**
 * Plays a source beside its output, where its bytes lie with us (an upload, a path below MEDIA_ROOT). A URL source is
 * not fetched: the page asks nobody outside, and the server is no proxy for it.
 */
import { realpath } from 'node:fs/promises';
import { basename, dirname, resolve, sep } from 'node:path';
import type { FastifyReply } from 'fastify';
import type { FileRecord, Source } from '../shared/domain/file.ts';
import { mediaTypeOf } from '../shared/domain/media-type.ts';
import { readUploads, uploadPath } from '../shared/upload-record.ts';
import type { ApiContext } from './api-context.ts';
import { notFound } from './refused-error.ts';

export async function sendSource(ctx: ApiContext, { input }: FileRecord, reply: FastifyReply): Promise<FastifyReply> {
  const path = await placeOf(ctx, input.source);
  if (path === null) throw notFound('source');
  const type = mediaTypeOf(input.name)?.contentType ?? 'application/octet-stream';
  // Range is the plugin's: it is what a player asks with.
  return reply.type(type).sendFile(basename(path), dirname(path), { contentType: false, cacheControl: false });
}

async function placeOf(ctx: ApiContext, source: Source): Promise<string | null> {
  if (source.kind === 'url') return null;
  if (source.kind === 'upload') {
    const upload = (await readUploads(ctx, [source.uploadId])).get(source.uploadId);
    return upload === undefined ? null : uploadPath(ctx, upload);
  }
  return pathBelowRoot(ctx, source.path);
}

/** A link may have been moved since the batch was taken in. */
async function pathBelowRoot(ctx: ApiContext, path: string): Promise<string | null> {
  const { mediaRoot } = ctx.config;
  if (mediaRoot === null) return null;
  try {
    const [root, real] = await Promise.all([realpath(mediaRoot), realpath(resolve(mediaRoot, path))]);
    return real.startsWith(root + sep) ? real : null;
  } catch {
    // Gone: there is nothing to play.
    return null;
  }
}
