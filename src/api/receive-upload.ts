/**
 * Receives one upload: streamed to disk with constant memory, judged by its first bytes, on disk for good before it is
 * answered. Whatever goes wrong, nothing is left behind.
 */
import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Context } from '../shared/context.ts';
import { newUploadId } from '../shared/ids.ts';
import { syncDir } from '../shared/upload-dir.ts';
import { saveUpload, type Upload } from '../shared/upload-record.ts';
import { gatherWrites } from './gathered-writes.ts';
import { judgeBytes, sniffedBytes, unsupported } from './judge-bytes.ts';
import { mediaTypeOf } from '../shared/domain/media-type.ts';
import { RefusedError } from './refused-error.ts';

export interface Incoming {
  readonly tenant: string;
  readonly name: string;
  readonly body: Readable;
}

const dayMs = 86_400_000;

export const tooLarge = (maxBytes: number): RefusedError =>
  new RefusedError({ status: 413, code: 'file_too_large', detail: `A file has ${maxBytes} bytes at most.` });

export async function receiveUpload(ctx: Context, incoming: Incoming): Promise<Upload> {
  if (mediaTypeOf(incoming.name) === null) throw unsupported('The name has no accepted extension.');
  const { uploadDir, retentionDays } = ctx.config;
  const id = newUploadId();
  const path = `${id}${extname(incoming.name).toLowerCase()}`;
  const part = join(uploadDir, `${id}.part`);
  try {
    const written = await writePart(ctx, part, incoming);
    ctx.reach('upload: written, not named');
    await rename(part, join(uploadDir, path));
    await syncDir(uploadDir);
    const expiresAt = ctx.account.gate.redisNow() + Math.round(retentionDays * dayMs);
    const upload = { id, tenant: incoming.tenant, name: incoming.name, path, expiresAt, ...written };
    ctx.reach('upload file: kept, not recorded');
    await saveUpload(ctx, upload);
    ctx.reach('upload file: recorded, not answered');
    return upload;
  } catch (error) {
    await Promise.all([rm(part, { force: true }), rm(join(uploadDir, path), { force: true })]);
    throw isFull(error) ? noRoom(error) : error;
  }
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

const noRoom = (cause: unknown): RefusedError =>
  new RefusedError(
    {
      status: 507,
      code: 'storage_full',
      detail: 'There is no room for uploads now.',
      headers: { 'retry-after': '60' },
    },
    { cause },
  );

async function writePart(ctx: Context, path: string, incoming: Incoming): Promise<{ bytes: number; sha256: string }> {
  const handle = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    const bytes = await copy(ctx, { handle, hash }, incoming);
    if (bytes === 0) throw new RefusedError({ status: 422, code: 'empty_file', detail: 'The file is empty.' });
    await handle.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

/** What ends the body before its end is the sender's doing; what happens to a piece here is ours. */
async function* piecesOf(body: Readable): AsyncGenerator<Buffer> {
  try {
    // Left open when we stop: the answer still has to go out over the same socket.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (error) {
    throw new RefusedError(
      { status: 400, code: 'upload_cut', detail: 'The upload ended before its end.' },
      { cause: error },
    );
  }
}

/** Judged once the first bytes are there (or all, of a shorter file), before the rest is taken. */
async function copy(ctx: Context, to: { handle: FileHandle; hash: Hash }, { name, body }: Incoming): Promise<number> {
  const { maxFileBytes } = ctx.config;
  const writes = gatherWrites(to.handle);
  let head: Buffer | null = Buffer.alloc(0);
  let bytes = 0;
  for await (const piece of piecesOf(body)) {
    bytes += piece.length;
    if (bytes > maxFileBytes) throw tooLarge(maxFileBytes);
    if (head !== null) {
      head = Buffer.concat([head, piece]);
      if (head.length >= sniffedBytes) {
        await judgeBytes(name, head.subarray(0, sniffedBytes));
        head = null;
      }
    }
    ctx.reach('upload: before a piece');
    // The disk works in a thread of its own while this one hashes.
    const roomAgain = writes.write(piece);
    to.hash.update(piece);
    await roomAgain;
  }
  await writes.end();
  if (head !== null && bytes > 0) await judgeBytes(name, head);
  return bytes;
}
