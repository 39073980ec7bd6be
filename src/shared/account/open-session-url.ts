/** A link that opens a session in a browser (claim token), made when somebody asks for one file; never waits long. */
import type { Context } from '../context.ts';
import type { Session } from '../domain/file.ts';
import { claimToken } from '../upstream/claim-token.ts';
import { callOutsideRuns } from './call-outside-runs.ts';

const patienceMs = 2000;

/** Null while the account is paused or down, and where the upstream gives none (design §7). */
export async function openSessionUrl(ctx: Context, session: Session): Promise<string | null> {
  const { account } = ctx;
  const { taskId, id: sessionId } = session;
  if (taskId === null || account.gate.pausedMs() > 0 || account.gate.view().downSince !== null) return null;
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const claimed = await callOutsideRuns(
      ctx,
      (token) => claimToken(account.upstream, token, { taskId, sessionId }, { signal }),
      { signal },
    );
    return claimed.openUrl;
  } catch (error) {
    ctx.log.debug({ err: error }, 'no link to the session');
    return null;
  }
}
