/** The account as the overview shows it. The balance is asked for in the background: nobody waits for the upstream. */
import type { ApiContext } from './api-context.ts';
import type { Credits } from './credits.schema.ts';
import type { AccountState } from './dashboard-wire.ts';

const freshMs = 30_000;
const patienceMs = 10_000;
const hourMs = 3_600_000;

export interface KnownCredits {
  readonly credits: Credits;
  readonly at: number;
}

/** What is known now; asks again where that is old, and only while somebody looks. */
export function createBalanceReader(ctx: ApiContext): () => KnownCredits | null {
  let known: KnownCredits | null = null;
  let askedAt = -Infinity;
  const ask = async (): Promise<void> => {
    try {
      const credits = await ctx.readCredits(AbortSignal.timeout(patienceMs));
      known = { credits, at: ctx.account.gate.redisNow() };
    } catch (error) {
      // The age of the figure says it.
      ctx.log.debug({ err: error }, 'balance not read');
    }
  };
  return () => {
    if (performance.now() - askedAt > freshMs && ctx.account.gate.pausedMs() === 0) {
      askedAt = performance.now();
      void ask();
    }
    return known;
  };
}

export async function readAccountState(
  ctx: ApiContext,
  known: KnownCredits | null,
  creditsPerHour: number,
): Promise<AccountState> {
  const key = ctx.keys.account(ctx.accountId);
  const [inFlight, [window, until, blocked, blockedAt, downSince, helpUrl]] = await Promise.all([
    ctx.redis.scard(ctx.keys.inFlight(ctx.accountId)),
    ctx.redis.hmget(key, 'window', 'until', 'blocked', 'blocked_at', 'down_since', 'help_url'),
  ]);
  const available = known?.credits.available ?? null;
  const maxWindow = ctx.config.maxInFlight;
  return {
    kind: known?.credits.kind ?? kindOf(ctx),
    available,
    frozen: known?.credits.frozen ?? null,
    readAt: known?.at ?? null,
    creditsPerHour,
    emptyInMs: available === null || creditsPerHour === 0 ? null : (available / creditsPerHour) * hourMs,
    inFlight,
    window: Math.max(1, Math.floor(Math.min(maxWindow, Number(window ?? maxWindow)))),
    maxWindow,
    until: Number(until ?? 0),
    blocked: blocked ?? null,
    blockedAt: numberOf(blockedAt),
    downSince: numberOf(downSince),
    helpUrl: known?.credits.help_url ?? (helpUrl === '' ? null : (helpUrl ?? null)),
  };
}

const numberOf = (text: string | null | undefined): number | null => (text == null ? null : Number(text));

const kindOf = ({ account }: ApiContext): AccountState['kind'] => {
  const kind = account.kind();
  return kind === null || kind === 'anonymous' ? kind : 'registered';
};
