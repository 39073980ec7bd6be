/**
 * Looks after an account that is blocked or down: GET credits is the probe (free, and it tells the balance), its
 * success is the call that reopens, and parked files go on by themselves, at most as many as the balance pays for.
 */
import { callOutsideRuns } from '../shared/account/call-outside-runs.ts';
import { advance } from '../shared/advance.ts';
import type { Context } from '../shared/context.ts';
import { sessionCredits } from '../shared/domain/policy.ts';
import { fileId } from '../shared/ids.ts';
import { unlessNewer } from '../shared/leave-to-newer.ts';
import { blockedSchema } from '../shared/load-file.ts';
import { readBalance } from '../shared/upstream/read-balance.ts';
import type { Balance } from '../shared/upstream/types.ts';

/** True when there was something to look after. */
export async function watchAccount(ctx: Context): Promise<boolean> {
  const view = await ctx.account.gate.refresh();
  const parked = await ctx.redis.scard(ctx.keys.parked());
  if (view.blocked === null && view.downSince === null && parked === 0) return false;
  if (ctx.account.gate.pausedMs() > 0 || !(await isOurTurn(ctx))) return true;
  const balance = await probe(ctx, view.blocked !== null);
  if (balance === null) return true;
  await ctx.redis.hset(ctx.keys.account(ctx.accountId), 'credits', balance.available);
  const hasCredits = balance.available > 0;
  // A token that works again may have nothing left: then that is what is waited for.
  const isEmpty = !hasCredits && view.blocked === 'token_invalid';
  ctx.reach('account: probed, not noted');
  await ctx.scripts['note-account'](
    ctx.accountId,
    JSON.stringify({
      ok: 1,
      max_window: ctx.config.maxInFlight,
      ...(isEmpty ? { blocked: 'out_of_credits', help_url: ctx.account.helpUrl() } : {}),
    }),
    hasCredits && view.blocked !== null ? '1' : '0',
  );
  ctx.reach('account: noted, not unparked');
  if (hasCredits) await unpark(ctx, Math.max(1, Math.floor(balance.available / sessionCredits)));
  return true;
}

/** One process probes for the fleet. A little less than the pace: who comes round again must not find its own mark. */
async function isOurTurn(ctx: Context): Promise<boolean> {
  const restMs = Math.ceil(ctx.config.creditsRecheckMs * 0.9);
  return (await ctx.redis.set(ctx.keys.probed(ctx.accountId), '1', 'PX', restMs, 'NX')) === 'OK';
}

async function probe(ctx: Context, isBlocked: boolean): Promise<Balance | null> {
  try {
    return await callOutsideRuns(ctx, (token) => readBalance(ctx.account.upstream, token), { restores: isBlocked });
  } catch (error) {
    ctx.log.info({ err: error }, 'the account is still closed');
    return null;
  }
}

/** Un-parks at most as many files as there are credits for; the rest waits for the next look. */
export async function unpark(ctx: Context, most: number): Promise<void> {
  let left = most;
  for (const batchId of await ctx.redis.smembers(ctx.keys.parked())) {
    if (left === 0) return;
    // What the caller's own bound holds back is no matter of the balance.
    if ((await blockReason(ctx, batchId)) === 'max_credits') continue;
    left = await unparkBatch(ctx, batchId, left);
  }
}

/** Returns how many more may go. What only a newer release may move takes no other file's place. */
async function unparkBatch(ctx: Context, batchId: string, most: number): Promise<number> {
  const key = ctx.keys.status(batchId, 'parked');
  let left = most;
  for (let passedOver = 0; left > 0;) {
    const indexes = await ctx.redis.zrange(key, passedOver, String(passedOver + left - 1));
    if (indexes.length === 0) return left;
    for (const index of indexes) {
      const moved = await unlessNewer(advance(ctx, fileId(batchId, Number(index)), { type: 'unparked' }));
      if (moved === 'newer') passedOver += 1;
      else left -= 1;
    }
  }
  return left;
}

async function blockReason(ctx: Context, batchId: string): Promise<string | null> {
  const text = await ctx.redis.hget(ctx.keys.batch(batchId), 'blocked');
  return text === null ? null : blockedSchema.parse(JSON.parse(text)).reason;
}
