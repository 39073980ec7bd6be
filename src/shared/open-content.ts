/** Opens the bytes of a finished output: by its link, or, where that does not serve, by the upstream's own download. */
import type { Context } from './context.ts';
import type { Output } from './domain/file-state.ts';
import { callOutsideRuns } from './account/call-outside-runs.ts';
import { openDownload } from './upstream/open-download.ts';
import { openOutput, type OutputRange } from './upstream/open-output.ts';
import type { OpenedBody } from './upstream/types.ts';
import { UpstreamError } from './upstream/upstream-error.ts';

export async function openContent(
  ctx: Context,
  output: Output,
  range: OutputRange,
  signal?: AbortSignal,
): Promise<OpenedBody> {
  const { account } = ctx;
  const options = signal === undefined ? {} : { signal };
  if (output.url !== null) {
    try {
      return await openOutput(account.upstream.outputDispatcher, output.url, range, options);
    } catch (error) {
      // A range that cannot be satisfied is the reader's; anything else may be served the other way.
      if (!(error instanceof UpstreamError) || error.fault.httpStatus === 416) throw error;
    }
  }
  return callOutsideRuns(ctx, (token) => openDownload(account.upstream, token, output.renderId, range, options), {
    signal,
  });
}
