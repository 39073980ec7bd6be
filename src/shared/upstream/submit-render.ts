/**
 * POST render. The body is put together as text, so that the draft goes out exactly as it came in. A repeat with the
 * same id is safe: it throws `duplicate_render` or returns the render that exists.
 */
import { callUpstream, senseless, type Call } from './call.ts';
import { isDuplicateRender } from './is-duplicate-render.ts';
import { readRenderReply } from './render-reply.ts';
import { fieldsOf } from './reply-fields.ts';
import { timeoutsMs } from './timeouts.ts';
import type { CallOptions, RenderState, Upstream } from './types.ts';
import { UpstreamError } from './upstream-error.ts';

export interface RenderRequest {
  /** `render_<digits>`, made and stored by the caller before this call. */
  readonly id: string;
  readonly sessionId: string;
  /** `SessionState.draftText`. */
  readonly draftText: string;
}

export async function submitRender(
  up: Upstream,
  token: string,
  render: RenderRequest,
  options: CallOptions = {},
): Promise<RenderState> {
  const call: Call = {
    endpoint: 'submit-render',
    scope: 'session',
    method: 'POST',
    path: '/api/render/proxy/lambda',
    token,
    body: renderBody(render),
    timeoutMs: timeoutsMs.submitRender,
  };
  const answer = await callUpstream(up, call, options).catch((error: unknown) => {
    throw asDuplicate(error) ?? error;
  });
  const state = readRenderReply(answer.json, token);
  if (state !== null) return state;
  // `{"code":0}` alone accepts the render without telling anything of it.
  const body = fieldsOf(answer.json);
  if (!('code' in body) && body['success'] !== true) throw senseless(call, answer);
  return { status: 'pending', progress: null, url: null, durationMs: null, bytes: null, detail: null };
}

/** `sessionId` is the one camelCase key of the interface (seed). */
function renderBody(render: RenderRequest): string {
  const [id, sessionId] = [JSON.stringify(render.id), JSON.stringify(render.sessionId)];
  return `{"id":${id},"sessionId":${sessionId},"draft":${render.draftText},"output":{"format":"mp4","quality":"high"}}`;
}

function asDuplicate(error: unknown): UpstreamError | null {
  if (!(error instanceof UpstreamError) || !isDuplicateRender(error.fault)) return null;
  return new UpstreamError('submit-render', { ...error.fault, code: 'duplicate_render' }, error);
}
