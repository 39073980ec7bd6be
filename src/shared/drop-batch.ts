/** Deletes a batch and all that hangs on it, in pieces that block Redis for a moment only. */
import type { Context } from './context.ts';

const pieceSize = 500;

/** `whenDue`: only if its lease or retention is over, by Redis' clock at this moment. False: it stays. */
export async function dropBatch(
  ctx: Context,
  batchId: string,
  { whenDue = false }: { readonly whenDue?: boolean } = {},
): Promise<boolean> {
  if ((await ctx.scripts['drop-begin'](batchId, whenDue ? '1' : '0')) !== 1) return false;
  const total = Number((await ctx.redis.hget(ctx.keys.batch(batchId), 'total')) ?? 0);
  for (let first = 0; first < total; first += pieceSize) {
    await ctx.scripts['drop-batch'](batchId, first, Math.min(pieceSize, total - first), '0');
  }
  await ctx.scripts['drop-batch'](batchId, 0, 0, '1');
  return true;
}
