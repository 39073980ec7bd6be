/**
 * Streams the outputs of a batch as one ZIP, a member at a time, no faster than the reader takes it; nothing is stored
 * on the way. A member that the upstream does not serve, or cuts, does not end the archive: the manifest, which comes
 * last, names it.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ZipFile } from 'yazl';
import type { FileRecord } from '../shared/domain/file.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFiles } from '../shared/read-file.ts';
import { outputOf } from '../shared/to-file-resource.ts';
import { dropBody } from '../shared/upstream/open-output.ts';
import type { ApiContext, OpenedContent } from './api-context.ts';
import { entryName, manifestLine, manifestName, type MemberFault } from './archive-entries.ts';

const pageSize = 200;

interface Archive {
  readonly ctx: ApiContext;
  readonly batch: StoredBatch;
  readonly zip: ZipFile;
  /** The reader has gone. */
  readonly gone: AbortSignal;
  /** By index; whole ones are not kept. */
  readonly faults: Map<number, MemberFault>;
}

export function sendArchive(
  ctx: ApiContext,
  batch: StoredBatch,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const zip = new ZipFile();
  fill({ ctx, batch, zip, gone: gone.signal, faults: new Map() }).catch((error: unknown) => {
    // What has left cannot be taken back: the reader sees a ZIP without its end.
    if (!gone.signal.aborted) request.log.error({ err: error, batch_id: batch.id }, 'archive cut');
    reply.raw.destroy();
  });
  return reply
    .header('content-type', 'application/zip')
    .header('content-disposition', `attachment; filename="${batch.id}.zip"`)
    .send(zip.outputStream);
}

async function fill(archive: Archive): Promise<void> {
  const { zip, gone } = archive;
  for await (const file of filesOf(archive)) await addMember(archive, file);
  await addText(archive, manifestName, linesOf(archive));
  if (!gone.aborted) zip.end();
}

async function* filesOf({ ctx, batch, gone }: Archive): AsyncGenerator<FileRecord> {
  const { total } = batch.progress.counts;
  for (let first = 0; first < total && !gone.aborted; first += pageSize) {
    const indexes = Array.from({ length: Math.min(pageSize, total - first) }, (_, at) => first + at);
    for (const { file } of await readFiles(ctx, batch.id, indexes)) yield file;
  }
}

async function* linesOf(archive: Archive): AsyncGenerator<string> {
  const { total } = archive.batch.progress.counts;
  for await (const file of filesOf(archive)) {
    const fault = archive.faults.get(file.index) ?? null;
    yield manifestLine(file, { name: outputOf(file) === null ? null : entryName(file, total), fault });
  }
}

async function addMember(archive: Archive, file: FileRecord): Promise<void> {
  const { ctx, batch, faults, gone } = archive;
  const output = outputOf(file);
  if (output === null || gone.aborted) return;
  const fail = (fault: MemberFault, error: unknown): void => {
    if (gone.aborted) return;
    ctx.log.warn({ err: error, batch_id: batch.id, file_id: file.id, fault }, 'member of an archive');
    faults.set(file.index, fault);
  };
  let opened: OpenedContent;
  try {
    opened = await ctx.openContent(output, undefined, gone);
  } catch (error) {
    fail('missing', error);
    return;
  }
  try {
    await addText(archive, entryName(file, batch.progress.counts.total), whole(opened.body, fail));
  } finally {
    dropBody(opened);
  }
}

/** Ends where the bytes end, also when they are cut: the ZIP goes on. */
async function* whole(body: Readable, fail: (fault: MemberFault, error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    fail('broken', error);
  }
}

/** Resolves when the member has been taken, or the reader has gone. Video does not get smaller by deflating. */
async function addText({ zip, gone }: Archive, name: string, pieces: AsyncGenerator<Buffer | string>): Promise<void> {
  if (gone.aborted) return;
  const taken = Promise.withResolvers<void>();
  // The archive keeps what it is given here for each member until its end: nothing large may hang on it.
  const held: { stream: Readable | null } = { stream: Readable.from(pieces, { objectMode: false }) };
  held.stream?.once('close', () => taken.resolve());
  gone.addEventListener('abort', () => taken.resolve(), { once: true });
  zip.addReadStreamLazy(name, { compress: false }, (give) => {
    if (held.stream !== null) give(null, held.stream);
    held.stream = null;
  });
  await taken.promise;
}
