/** Before a session, an upload, a turn or a render begins: is the batch paused, or its account blocked? */
import type { Run } from './run.ts';

/**
 * True: the file was put aside, the run is over. The save checks the reason again in its script; where it has gone
 * meanwhile, the run goes on. `costs`: what begins needs credits (a render does not).
 */
export async function putAside(run: Run, { costs }: { readonly costs: boolean }): Promise<boolean> {
  const { batch, account } = run.loaded();
  if (batch.paused) {
    const held = await run.finish({ type: 'held', run: run.number }, { guard: 'paused' });
    // Unchanged: what has begun goes on through a pause, so there is nothing to put aside.
    if (held.kind === 'saved' || held.kind === 'missing') return true;
  }
  const isBlocked = account.blocked === 'token_invalid' || (account.blocked !== null && costs);
  return isBlocked && (await parkBlocked(run));
}

/** Parks the file for the account's block; false when the block has gone meanwhile. */
export async function parkBlocked(run: Run): Promise<boolean> {
  const { blocked, helpUrl } = await run.ctx.account.gate.refresh();
  if (blocked !== 'out_of_credits' && blocked !== 'token_invalid') return false;
  const parked = await run.finish(
    { type: 'parked', run: run.number, reason: blocked },
    { guard: 'blocked', blocked: { reason: blocked, help_url: helpUrl } },
  );
  return parked.kind !== 'refused';
}
