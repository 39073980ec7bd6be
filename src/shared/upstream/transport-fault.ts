/**
 * Translates what undici throws. The question that matters is whether a byte of the request was written: undici calls
 * onRequestStart on an open connection right before the write, so that call is the border.
 */
import type { Dispatcher } from 'undici';
import type { UpstreamFault } from './types.ts';

/** Set by `markStart` when the request is about to be written. */
export interface StartMark {
  started: boolean;
}

export function markStart(mark: StartMark): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        mark.started = true;
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
      onBodySent: (...args) => handler.onBodySent?.(...args),
      onRequestSent: () => handler.onRequestSent?.(),
      onResponseStarted: () => handler.onResponseStarted?.(),
    });
}

export type Stopped = 'signal' | 'deadline' | null;

export function transportFault(error: unknown, started: boolean, stopped: Stopped): UpstreamFault {
  const code = transportCode(started, stopped);
  return { code, upstreamCode: null, httpStatus: null, retryAfterMs: null, detail: reasonOf(error) };
}

function transportCode(started: boolean, stopped: Stopped): UpstreamFault['code'] {
  if (stopped === 'signal') return 'aborted';
  if (!started) return 'connect_failed'; // out of time while connecting, too: nothing was written
  return stopped === 'deadline' ? 'timed_out' : 'connection_lost';
}

/** System and undici codes (ECONNREFUSED, UND_ERR_SOCKET, …): short, and they never hold a header or a URL. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error.name;
}
