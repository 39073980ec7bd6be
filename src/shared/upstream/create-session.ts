/** POST with-session: a new editing session. Not idempotent: each call makes one. */
import { callUpstream, senseless } from './call.ts';
import { fieldsOf, firstText } from './reply-fields.ts';
import { timeoutsMs } from './timeouts.ts';
import type { CallOptions, CreatedSession, Upstream } from './types.ts';

export async function createSession(
  up: Upstream,
  token: string,
  input: { readonly taskName: string; readonly language: string },
  options: CallOptions = {},
): Promise<CreatedSession> {
  const call = {
    endpoint: 'create-session',
    scope: 'account',
    method: 'POST',
    path: '/api/tasks/me/with-session/nemo_agent',
    token,
    body: JSON.stringify({ task_name: input.taskName, language: input.language }),
    timeoutMs: timeoutsMs.createSession,
  } as const;
  const answer = await callUpstream(up, call, options);
  const data = fieldsOf(fieldsOf(answer.json)['data'] ?? answer.json);
  const sessionId = firstText(data, ['session_id']);
  if (sessionId === null) throw senseless(call, answer);
  return { sessionId, taskId: firstText(data, ['task_id']), userId: firstText(data, ['user_id']) };
}
