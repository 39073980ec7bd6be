/**
 * The account's balance for estimates: fresh where that costs no time, else the last one known, else unknown. A POST
 * never waits for the upstream longer than a moment.
 */
import type { ApiContext } from './api-context.ts';

const freshMs = 15_000;
const usableMs = 300_000;
const patienceMs = 1000;

export type KnownBalance = () => Promise<number | null>;

export function createKnownBalance(ctx: ApiContext, now: () => number = () => performance.now()): KnownBalance {
  let last: { readonly available: number; readonly at: number } | null = null;
  const read = async (): Promise<number | null> => {
    try {
      const { available } = await ctx.readCredits(AbortSignal.timeout(patienceMs));
      last = { available, at: now() };
      return available;
    } catch (error) {
      // An estimate without a balance is still an estimate.
      ctx.log.debug({ err: error }, 'balance not read');
      return last !== null && now() - last.at < usableMs ? last.available : null;
    }
  };
  return async () => (last !== null && now() - last.at < freshMs ? last.available : read());
}
