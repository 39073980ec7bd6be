/** The account's balance, with what a person needs to do something about it. */
import type { Context } from '../context.ts';
import { readBalance } from '../upstream/read-balance.ts';
import type { Balance } from '../upstream/types.ts';
import { callOutsideRuns } from './call-outside-runs.ts';

export interface AccountCredits extends Balance {
  readonly kind: 'anonymous' | 'registered';
  /** Where credits are had: the registration link of an anonymous account, else the upstream's page. */
  readonly helpUrl: string;
}

export async function readCredits(ctx: Context, signal: AbortSignal): Promise<AccountCredits> {
  const { account } = ctx;
  const balance = await callOutsideRuns(ctx, (token) => readBalance(account.upstream, token, { signal }), { signal });
  await ctx.redis.hset(ctx.keys.account(ctx.accountId), 'credits', balance.available);
  const kind = account.kind() === 'anonymous' ? 'anonymous' : 'registered';
  return { ...balance, kind, helpUrl: account.helpUrl() };
}
