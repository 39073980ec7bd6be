/**
 * Streams the outputs of a batch as one ZIP, a member at a time, no faster than the reader takes it; nothing is stored
 * on the way. A member that the upstream does not serve, or cuts, does not end the archive: the manifest, which comes
 * last, names it.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FileRecord } from '../shared/domain/file.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFiles } from '../shared/read-file.ts';
import { outputOf } from '../shared/to-file-resource.ts';
import { dropBody } from '../shared/upstream/open-output.ts';
import type { ApiContext, OpenedContent } from './api-context.ts';
import { entryName, manifestLine, manifestName, type MemberFault } from './archive-entries.ts';
import { zipOf, type ZipMember } from './zip-stream.ts';

const pageSize = 200;

interface Archive {
  readonly ctx: ApiContext;
  readonly batch: StoredBatch;
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
  const reader = new AbortController();
  reply.raw.once('close', () => reader.abort());
  const members = membersOf({ ctx, batch, gone: reader.signal, faults: new Map() });
  const stream = Readable.from(zipOf(members, new Date(ctx.account.gate.redisNow())), { objectMode: false });
  // What has left cannot be taken back: the reader sees a ZIP without its end.
  stream.on('error', (error) => {
    if (!reader.signal.aborted) request.log.error({ err: error, batch_id: batch.id }, 'archive cut');
  });
  return reply
    .header('content-type', 'application/zip')
    .header('content-disposition', `attachment; filename="${batch.id}.zip"`)
    .send(stream);
}

async function* membersOf(archive: Archive): AsyncGenerator<ZipMember> {
  const { total } = archive.batch.progress.counts;
  for await (const file of filesOf(archive)) {
    const opened = await openOne(archive, file);
    if (opened === null) continue;
    try {
      yield { name: entryName(file, total), pieces: whole(archive, file, opened.body) };
    } finally {
      dropBody(opened);
    }
  }
  yield { name: manifestName, pieces: linesOf(archive) };
}

async function* filesOf({ ctx, batch }: Archive): AsyncGenerator<FileRecord> {
  const { total } = batch.progress.counts;
  for (let first = 0; first < total; first += pageSize) {
    const indexes = Array.from({ length: Math.min(pageSize, total - first) }, (_, at) => first + at);
    for (const { file } of await readFiles(ctx, batch.id, indexes)) yield file;
  }
}

async function openOne(archive: Archive, file: FileRecord): Promise<OpenedContent | null> {
  const output = outputOf(file);
  if (output === null) return null;
  try {
    return await archive.ctx.openContent(output, undefined, archive.gone);
  } catch (error) {
    if (archive.gone.aborted) throw error;
    note(archive, file, 'missing', error);
    return null;
  }
}

/** Ends where the bytes end, also when they are cut: the archive goes on. */
async function* whole(archive: Archive, file: FileRecord, body: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    if (archive.gone.aborted) throw error;
    note(archive, file, 'broken', error);
  }
}

function note({ ctx, batch, faults }: Archive, file: FileRecord, fault: MemberFault, error: unknown): void {
  ctx.log.warn({ err: error, batch_id: batch.id, file_id: file.id, fault }, 'member of an archive');
  faults.set(file.index, fault);
}

async function* linesOf(archive: Archive): AsyncGenerator<Buffer> {
  const { total } = archive.batch.progress.counts;
  for await (const file of filesOf(archive)) {
    const fault = archive.faults.get(file.index) ?? null;
    const name = outputOf(file) === null ? null : entryName(file, total);
    yield Buffer.from(manifestLine(file, { name, fault }));
  }
}
