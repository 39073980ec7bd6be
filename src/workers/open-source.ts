/** Opens the bytes of a source that lies with us: an upload, or a path below MEDIA_ROOT. URLs never pass through here. */
import { open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { Context } from '../shared/context.ts';
import type { Source } from '../shared/domain/file.ts';
import { mediaTypeOf } from '../shared/domain/media-type.ts';
import { readUploads, uploadPath } from '../shared/upload-record.ts';
import { readPieces, type Pieces } from './read-pieces.ts';

export class SourceGoneError extends Error {
  override readonly name = 'SourceGoneError';
  /** `expired`: what was uploaded is not kept any more. */
  readonly code: 'source_unreachable' | 'expired';

  constructor(code: SourceGoneError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type LocalSource = Extract<Source, { kind: 'upload' | 'path' }>;

export interface OpenedSource {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly body: Pieces;
}

export async function openSource(ctx: Context, source: LocalSource, name: string): Promise<OpenedSource> {
  const path =
    source.kind === 'upload' ? await pathOfUpload(ctx, source.uploadId) : await pathBelowRoot(ctx, source.path);
  try {
    const handle = await open(path, 'r');
    const { size } = await handle.stat();
    return {
      name,
      contentType: mediaTypeOf(name)?.contentType ?? 'application/octet-stream',
      bytes: size,
      body: readPieces(handle),
    };
  } catch (error) {
    throw new SourceGoneError('source_unreachable', 'the file cannot be opened any more', { cause: error });
  }
}

async function pathOfUpload(ctx: Context, id: string): Promise<string> {
  const upload = (await readUploads(ctx, [id])).get(id);
  if (upload === undefined) throw new SourceGoneError('expired', 'the upload is not kept any more');
  return uploadPath(ctx, upload);
}

/** Checked at POST, and again here: a link may have been moved meanwhile. */
async function pathBelowRoot(ctx: Context, path: string): Promise<string> {
  const { mediaRoot } = ctx.config;
  if (mediaRoot === null) throw new SourceGoneError('source_unreachable', 'MEDIA_ROOT is not set');
  try {
    const [root, real] = await Promise.all([realpath(mediaRoot), realpath(resolve(mediaRoot, path))]);
    if (real.startsWith(root + sep)) return real;
  } catch (error) {
    throw new SourceGoneError('source_unreachable', 'the path cannot be resolved any more', { cause: error });
  }
  throw new SourceGoneError('source_unreachable', 'the path leads out of MEDIA_ROOT');
}
