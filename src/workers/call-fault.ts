/** Translates a failed call of the upstream into what the domain and the account are told of it. */
import { limitWaitMs } from '../shared/account/limit-wait.ts';
import { spreadAfterPause } from '../shared/account/spread-after-pause.ts';
import type { AccountEffect } from '../shared/advance.ts';
import type { Context } from '../shared/context.ts';
import type { CallFault } from '../shared/domain/events.ts';
import { isWork } from '../shared/domain/moves.ts';
import { reactionTo } from '../shared/domain/reactions.ts';
import type { UpstreamFault } from '../shared/upstream/types.ts';
import type { Run } from './run.ts';

export async function toCallFault(run: Run, fault: UpstreamFault): Promise<CallFault> {
  const { account, now } = run.loaded();
  const isLimited = fault.code === 'rate_limited';
  const limited = isLimited ? now + limitWaitMs(run.ctx.policy, fault) : 0;
  const until = Math.max(account.until, limited, run.ctx.account.gate.view().until);
  return {
    fault: { code: fault.code, upstreamCode: fault.upstreamCode, detail: fault.detail },
    othersSucceeded: othersSucceeded(run),
    until: until > now ? until : null,
    spread: isLimited ? await spreadAfterPause(run.ctx, run.file().id, until) : 0,
    markedCall: run.marked.call,
  };
}

/** Has another call of the account gone through since this file's last fault, or since this run was due? */
export function othersSucceeded(run: Run): boolean {
  const { file, account } = run.loaded();
  if (!isWork(file.state)) return false;
  const since = file.state.tally?.lastAt ?? file.state.due;
  return Math.max(account.okAt, run.ctx.account.gate.view().okAt) > since;
}

const outages: readonly string[] = ['server_error', 'connect_failed', 'connection_lost', 'timed_out'];

export function accountEffectOf(ctx: Context, fault: UpstreamFault, counts = true): AccountEffect {
  switch (reactionTo(fault.code).reaction) {
    case 'wait-out-limit':
      return { limited_ms: limitWaitMs(ctx.policy, fault) };
    case 'park':
      return {
        blocked: fault.code === 'token_invalid' ? 'token_invalid' : 'out_of_credits',
        help_url: ctx.account.helpUrl(),
      };
    case 'back-off':
      // Nothing else went through either: the upstream, or the way to it, is down. What answers with a code is not.
      return counts || !outages.includes(fault.code) ? {} : { down: true };
    case 'new-session':
    case 'fail':
    case 'none':
      return {};
  }
}
