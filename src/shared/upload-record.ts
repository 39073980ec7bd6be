/**
 * The records of uploads. Bytes lie in UPLOAD_DIR under the name that `path` says; a record exists only once they are
 * on disk for good. An upload lives RETENTION_DAYS, and as long as a batch that refers to it.
 */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Context } from './context.ts';

const uploadIdForm = /^upl_[0-9a-f]{32}$/;

const recordSchema = z.object({
  tenant: z.string(),
  name: z.string(),
  bytes: z.coerce.number(),
  sha256: z.string(),
  path: z.string(),
  expires_at: z.coerce.number(),
});

export interface Upload {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Relative to UPLOAD_DIR, which API and workers may have mounted in different places. */
  readonly path: string;
  readonly expiresAt: number;
}

/** Reads several in one round trip; those that are unknown are left out. */
export async function readUploads(ctx: Context, ids: readonly string[]): Promise<Map<string, Upload>> {
  const known = ids.filter((id) => uploadIdForm.test(id));
  const pipeline = ctx.redis.pipeline();
  for (const id of known) pipeline.hgetall(ctx.keys.upload(id));
  const replies = (await pipeline.exec()) ?? [];
  const uploads = new Map<string, Upload>();
  for (const [at, [error, row]] of replies.entries()) {
    if (error !== null) throw error;
    const parsed = recordSchema.safeParse(row);
    const id = known[at] ?? '';
    if (parsed.success) uploads.set(id, toUpload(id, parsed.data));
  }
  return uploads;
}

function toUpload(id: string, { expires_at, ...row }: z.infer<typeof recordSchema>): Upload {
  return { id, ...row, expiresAt: expires_at };
}

/** Where the bytes lie, on this machine. */
export const uploadPath = (ctx: Context, upload: Pick<Upload, 'path'>): string =>
  join(ctx.config.uploadDir, basename(upload.path));

export async function saveUpload(ctx: Context, upload: Upload): Promise<void> {
  const { id, expiresAt, ...fields } = upload;
  await ctx.redis
    .multi()
    .hset(ctx.keys.upload(id), { ...fields, expires_at: expiresAt })
    .zadd(ctx.keys.uploadExpiry(), expiresAt, id)
    .exec();
}

/** All or none; returns the ids that are gone. */
export async function keepUploads(
  ctx: Context,
  { batchId, tenant, uploadIds }: { batchId: string; tenant: string; uploadIds: readonly string[] },
): Promise<string[]> {
  const gone: string[] = [];
  // A script's arguments are bounded by Lua's stack; an upload that was noted in vain only lives longer.
  for (let first = 0; first < uploadIds.length; first += 500) {
    const reply = await ctx.scripts['upload-keep'](batchId, tenant, ...uploadIds.slice(first, first + 500));
    gone.push(...z.array(z.string()).parse(reply));
  }
  return gone;
}

/** An upload that is still used is looked at again after this. */
const lookAgainMs = 3_600_000;
const mostAtOnce = 500;

/** The sweeper's: deletes uploads whose time is over, record first. A file without a record is unreachable, so it only costs room. */
export async function dropExpiredUploads(ctx: Context, now: number): Promise<number> {
  const due = await ctx.redis.zrange(ctx.keys.uploadExpiry(), '-inf', String(now), 'BYSCORE', 'LIMIT', 0, mostAtOnce);
  let dropped = 0;
  for (const id of due) {
    const path = z.string().parse(await ctx.scripts['upload-expire'](id, lookAgainMs));
    if (path === '') continue;
    await rm(uploadPath(ctx, { path }), { force: true });
    dropped += 1;
  }
  return dropped;
}
