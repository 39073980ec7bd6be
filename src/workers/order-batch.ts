/**
 * `longest_first` (seed: "group clips with similar lengths together"): puts a batch's waiting list in order of size
 * before its first admission. Uploads and paths are known; URL sources are asked for their Content-Length, here and not
 * while the POST waits.
 */
import { request } from 'undici';
import type { Context } from '../shared/context.ts';
import { fileInputSchema, type Source } from '../shared/domain/file.ts';
import { checkUrl } from '../shared/guard/check-url.ts';
import { fileId } from '../shared/ids.ts';

const headsAtOnce = 16;
const headTimeoutMs = 5000;
const pageSize = 500;

/** Orders every batch that waits for it. Two workers may do the same: the first one's order counts. */
export async function orderBatches(ctx: Context): Promise<void> {
  for (const batchId of await ctx.redis.smembers(ctx.keys.sizing())) await orderBatch(ctx, batchId);
}

async function orderBatch(ctx: Context, batchId: string): Promise<void> {
  const total = Number((await ctx.redis.hget(ctx.keys.batch(batchId), 'total')) ?? 0);
  const sources = await readSources(ctx, batchId, total);
  const sizes = await sizesOf(ctx, sources);
  const order = [...sizes.keys()].sort((a, b) => (sizes[b] ?? -1) - (sizes[a] ?? -1) || a - b);
  ctx.reach('order: known, not saved');
  await ctx.scripts.order(batchId, ...order);
}

async function readSources(ctx: Context, batchId: string, total: number): Promise<Source[]> {
  const sources: Source[] = [];
  for (let first = 0; first < total; first += pageSize) {
    const pipeline = ctx.redis.pipeline();
    for (let index = first; index < Math.min(total, first + pageSize); index += 1) {
      pipeline.hget(ctx.keys.file(fileId(batchId, index)), 'i');
    }
    for (const [, text] of (await pipeline.exec()) ?? []) {
      sources.push(fileInputSchema.parse(JSON.parse(String(text))).source);
    }
  }
  return sources;
}

/** Null: unknown, and last in the order given. */
async function sizesOf(ctx: Context, sources: readonly Source[]): Promise<(number | null)[]> {
  const sizes: (number | null)[] = sources.map((source) => (source.kind === 'url' ? null : source.bytes));
  const asked = sources.entries();
  const work = async (): Promise<void> => {
    for (const [index, source] of asked) if (source.kind === 'url') sizes[index] = await headBytes(ctx, source.url);
  };
  await Promise.all(Array.from({ length: headsAtOnce }, work));
  return sizes;
}

async function headBytes(ctx: Context, url: string): Promise<number | null> {
  const checked = checkUrl(url, { allowPrivate: ctx.config.sourceAllowPrivate });
  if (!checked.ok) return null;
  try {
    const reply = await request(checked.url, {
      method: 'HEAD',
      dispatcher: ctx.deliveryDispatcher,
      signal: AbortSignal.timeout(headTimeoutMs),
    });
    await reply.body.dump();
    const length = reply.headers['content-length'];
    return reply.statusCode === 200 && typeof length === 'string' && /^\d+$/.test(length) ? Number(length) : null;
  } catch {
    return null; // a source that does not tell its size is ordered last; whether it serves is the upload's business
  }
}
