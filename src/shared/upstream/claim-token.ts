/** POST claim-token: a link that opens a session in a browser. It holds a claim, never the bearer token. */
import { callUpstream, senseless } from './call.ts';
import { fieldsOf, firstNumber, firstText, secondsToMs } from './reply-fields.ts';
import { timeoutsMs } from './timeouts.ts';
import type { CallOptions, ClaimToken, Upstream } from './types.ts';

export async function claimToken(
  up: Upstream,
  token: string,
  input: { readonly taskId: string; readonly sessionId: string },
  options: CallOptions = {},
): Promise<ClaimToken> {
  const call = {
    endpoint: 'claim-token',
    scope: 'session',
    method: 'POST',
    path: '/api/auth/claim-token',
    token,
    body: JSON.stringify({ task_id: input.taskId, session_id: input.sessionId }),
    timeoutMs: timeoutsMs.claimToken,
  } as const;
  const answer = await callUpstream(up, call, options);
  const data = fieldsOf(fieldsOf(answer.json)['data'] ?? answer.json);
  const claim = firstText(data, ['claim_token']);
  if (claim === null) throw senseless(call, answer);
  return {
    claimToken: claim,
    openUrl: `${up.webUrl}/workspace/claim?ct=${encodeURIComponent(claim)}`,
    expiresInMs: secondsToMs(firstNumber(data, ['expires_in'])),
  };
}
