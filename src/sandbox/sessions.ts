/** Finds the session, account and credits that a call works on, or refuses it. */
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import { refusals } from './refusal.ts';
import type { Account, Session } from './store.ts';

/** About what editing costs a session; the first turn pays it, further ones are free. */
export const SESSION_COST = 50;

export function sessionOf(sandbox: Sandbox, call: Call, id: string): Session {
  const session = sandbox.store.sessions.get(id);
  const now = sandbox.clock.now();
  const { sessionIdleMs } = sandbox.settings;
  if (session === undefined || session.isForgotten || session.account !== call.token?.account)
    throw refusals.sessionMissing();
  if (sessionIdleMs !== null && now - session.touchedAtMs > sessionIdleMs) {
    session.isForgotten = true;
    throw refusals.sessionMissing();
  }
  session.touchedAtMs = now;
  return session;
}

/** Reserves the cost while the work runs, or refuses with 2001. Returns what is to be settled afterwards. */
export function reserve(account: Account, cost: number): void {
  if (account.available < cost) throw refusals.outOfCredits();
  account.available -= cost;
  account.frozen += cost;
}

export function settle(account: Account, cost: number): void {
  account.frozen -= cost;
}
