/** POST anonymous-token: a free token for a client id. The quota is one a week, so whoever calls decides when to ask. */
import { callUpstream, senseless } from './call.ts';
import { fieldsOf, firstNumber, firstText } from './reply-fields.ts';
import { timeoutsMs } from './timeouts.ts';
import type { AnonymousToken, CallOptions, Upstream } from './types.ts';

export async function anonymousToken(
  up: Upstream,
  input: { readonly clientId: string },
  options: CallOptions = {},
): Promise<AnonymousToken> {
  const call = {
    endpoint: 'anonymous-token',
    scope: 'anonymous-token',
    method: 'POST',
    path: '/api/auth/anonymous-token',
    token: null,
    headers: { 'X-Client-Id': input.clientId },
    timeoutMs: timeoutsMs.anonymousToken,
  } as const;
  const answer = await callUpstream(up, call, options);
  const data = fieldsOf(fieldsOf(answer.json)['data'] ?? answer.json);
  const token = firstText(data, ['token']);
  // It becomes a header: anything but visible ASCII would make every later call throw.
  if (token === null || !/^[\x21-\x7e]+$/.test(token)) throw senseless(call, answer);
  return {
    token,
    credits: firstNumber(data, ['credits']),
    userId: firstText(data, ['user_id']),
    expiresAtMs: readTime(firstText(data, ['expires_at'])),
  };
}

/** RFC 3339, or an epoch in seconds or ms (told apart by size). */
function readTime(text: string | null): number | null {
  if (text === null) return null;
  const epoch = /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
  const timeMs = epoch === null ? Date.parse(text) : epoch < 1e11 ? epoch * 1000 : epoch;
  return Number.isNaN(timeMs) ? null : timeMs;
}
