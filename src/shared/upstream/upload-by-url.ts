/** POST upload by URL: the upstream fetches the file itself, no byte passes through this service. Not idempotent. */
import { callUpstream, senseless } from './call.ts';
import { timeoutsMs } from './timeouts.ts';
import type { CallOptions, UploadReply, Upstream } from './types.ts';
import { readUploadReply } from './upload-reply.ts';

export async function uploadByUrl(
  up: Upstream,
  token: string,
  input: { readonly sessionId: string; readonly url: string },
  options: CallOptions = {},
): Promise<UploadReply> {
  const call = {
    endpoint: 'upload-by-url',
    scope: 'session',
    method: 'POST',
    path: `/api/upload-video/nemo_agent/me/${encodeURIComponent(input.sessionId)}`,
    token,
    body: JSON.stringify({ urls: [input.url], source_type: 'url' }),
    timeoutMs: timeoutsMs.uploadByUrl,
  } as const;
  const answer = await callUpstream(up, call, options);
  const reply = readUploadReply(answer.json);
  if (reply === null) throw senseless(call, answer);
  return reply;
}
