/**
 * A call under the account that belongs to no file: balance, links, downloads, the probe. What it teaches about the
 * account (a 429, that the upstream answers again) is stored all the same; inside a run the save of the file does that.
 */
import type { Context } from '../context.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { callWithToken } from './account.ts';
import { limitWaitMs } from './limit-wait.ts';
import { noteAccount } from './note-account.ts';

export async function callOutsideRuns<T>(
  ctx: Context,
  call: (token: string) => Promise<T>,
  /** `restores`: first see whether NEMO_TOKEN works again, where an anonymous token stands in for it. */
  { signal, restores = false }: { readonly signal?: AbortSignal | undefined; readonly restores?: boolean } = {},
): Promise<T> {
  try {
    if (restores) await ctx.account.restore(signal);
    ctx.reach('call outside runs: before');
    const result = await callWithToken(ctx.account, call, signal);
    ctx.reach('call outside runs: answered');
    if (ctx.account.gate.view().downSince !== null) await noteAccount(ctx, { ok: 1 });
    return result;
  } catch (error) {
    if (error instanceof UpstreamError && error.fault.code === 'rate_limited') {
      await noteAccount(ctx, { limited_ms: limitWaitMs(ctx.policy, error.fault) });
    }
    throw error;
  }
}
