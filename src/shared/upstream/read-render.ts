/** GET render: one poll. `completed` may come before the URL is there; whoever polls goes on then. */
import { exchange, senseless } from './call.ts';
import { isFailedRender, readRenderReply } from './render-reply.ts';
import { fieldsOf, numberField } from './reply-fields.ts';
import { timeoutsMs } from './timeouts.ts';
import { toFault } from './to-fault.ts';
import type { CallOptions, RenderState, Upstream } from './types.ts';
import { UpstreamError } from './upstream-error.ts';

export async function readRender(
  up: Upstream,
  token: string,
  id: string,
  options: CallOptions = {},
): Promise<RenderState> {
  const call = {
    endpoint: 'read-render',
    scope: 'render',
    method: 'GET',
    path: `/api/render/proxy/lambda/${encodeURIComponent(id)}`,
    token,
    timeoutMs: timeoutsMs.readRender,
  } as const;
  const answer = await exchange(up, call, options);
  const isVerdict =
    answer.status < 300 &&
    (numberField.parse(fieldsOf(answer.json)['code'] ?? null) ?? 0) === 0 &&
    isFailedRender(answer.json);
  const fault = isVerdict ? null : toFault(answer, call.scope, token, Date.now());
  if (fault !== null) throw new UpstreamError(call.endpoint, fault);
  const state = readRenderReply(answer.json, token);
  if (state === null) throw senseless(call, answer);
  return state;
}
