/** Stores what a call taught about the account where no save of a file carries it. */
import type { AccountEffect } from '../advance.ts';
import type { Context } from '../context.ts';

export async function noteAccount(ctx: Context, effect: AccountEffect): Promise<void> {
  await ctx.scripts['note-account'](
    ctx.accountId,
    JSON.stringify({ ...effect, max_window: ctx.config.maxInFlight }),
    '0',
  );
}
