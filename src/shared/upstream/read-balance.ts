/** GET credits. */
import { callUpstream, senseless } from './call.ts';
import { fieldsOf, firstNumber } from './reply-fields.ts';
import { timeoutsMs } from './timeouts.ts';
import type { Balance, CallOptions, Upstream } from './types.ts';

export async function readBalance(up: Upstream, token: string, options: CallOptions = {}): Promise<Balance> {
  const call = {
    endpoint: 'read-balance',
    scope: 'account',
    method: 'GET',
    path: '/api/credits/balance/simple',
    token,
    timeoutMs: timeoutsMs.readBalance,
  } as const;
  const answer = await callUpstream(up, call, options);
  const data = fieldsOf(fieldsOf(answer.json)['data'] ?? answer.json);
  const available = firstNumber(data, ['available']);
  if (available === null) throw senseless(call, answer);
  const frozen = firstNumber(data, ['frozen']) ?? 0;
  return { available, frozen, total: firstNumber(data, ['total']) ?? available + frozen };
}
