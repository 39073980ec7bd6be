/** Deletes a batch and all that hangs on it, in pieces that block Redis for a moment only. */
import type { Context } from './context.ts';

const pieceSize = 500;

export async function dropBatch(ctx: Context, batchId: string): Promise<void> {
  const total = Number((await ctx.redis.hget(ctx.keys.batch(batchId), 'total')) ?? 0);
  // The lease goes first: a chunk that is still under way then fails instead of bringing files back.
  await ctx.redis.zrem(ctx.keys.loading(), batchId);
  for (let first = 0; first < total; first += pieceSize) {
    await ctx.scripts['drop-batch'](batchId, first, Math.min(pieceSize, total - first), '0');
  }
  await ctx.scripts['drop-batch'](batchId, 0, 0, '1');
}
