/**
 * Opens an output link, on whatever CDN the upstream names. It knows no token, so none can be sent; redirects are
 * followed by hand, so that each hop passes the check and the guarded dispatcher again. A refused address throws
 * GuardError. The host is not the upstream: its 401 or 429 says nothing about the account.
 */
import { request, type Dispatcher } from 'undici';
import { checkUrl } from '../guard/check-url.ts';
import { GuardError } from '../guard/guard-error.ts';
import { startDeadline, type Deadline } from './deadline.ts';
import { maxRedirects, timeoutsMs } from './timeouts.ts';
import { markStart, transportFault, type StartMark } from './transport-fault.ts';
import type { CallOptions, FaultCode, OpenedBody, UpstreamFault } from './types.ts';
import { UpstreamError } from './upstream-error.ts';

const endpoint = 'open-output';

export interface OutputRange {
  /** A Range header's value: `bytes=0-1023`. */
  readonly range?: string | undefined;
}

export async function openOutput(
  dispatcher: Dispatcher,
  url: string,
  input: OutputRange = {},
  options: CallOptions = {},
): Promise<OpenedBody> {
  const deadline = startDeadline(options.timeoutMs ?? timeoutsMs.openOutput, options.signal);
  try {
    const opened = await followRedirects(dispatcher, url, input.range, deadline);
    deadline.stopClock();
    opened.body.once('close', deadline.release);
    return opened;
  } catch (error) {
    deadline.release();
    throw error;
  }
}

async function followRedirects(
  dispatcher: Dispatcher,
  url: string,
  range: string | undefined,
  deadline: Deadline,
): Promise<OpenedBody> {
  let next = url;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const opened = await openOnce(dispatcher, next, range, deadline);
    if (opened.status < 300) return opened;
    dropBody(opened);
    const location = opened.headers['location'];
    const target = opened.status < 400 && typeof location === 'string' ? URL.parse(location, next) : null;
    if (target === null) throw new UpstreamError(endpoint, outputFault(opened.status));
    next = target.href;
  }
  throw new UpstreamError(endpoint, { ...outputFault(310), detail: 'too many redirects' });
}

async function openOnce(
  dispatcher: Dispatcher,
  text: string,
  range: string | undefined,
  deadline: Deadline,
): Promise<OpenedBody> {
  // Whether a private address is allowed is the dispatcher's rule; protocol, credentials and metadata never are.
  const check = checkUrl(text, { allowPrivate: true });
  if (!check.ok) throw check.code === 'private_host' ? new GuardError('the host of the output') : badLink(check.detail);
  const mark: StartMark = { started: false };
  try {
    const reply = await request(check.url, {
      dispatcher: dispatcher.compose(markStart(mark)),
      headers: { accept: '*/*', 'accept-encoding': 'identity', ...(range === undefined ? {} : { range }) },
      signal: deadline.signal,
      headersTimeout: 0,
      bodyTimeout: timeoutsMs.bodyIdle,
    });
    return { status: reply.statusCode, headers: reply.headers, body: reply.body };
  } catch (error) {
    if (error instanceof GuardError) throw error;
    throw new UpstreamError(endpoint, transportFault(error, mark.started, deadline.stopped()), error);
  }
}

/** Ends a body that nobody will read; its abort is no error of anybody. */
export function dropBody(opened: Pick<OpenedBody, 'body'>): void {
  opened.body.on('error', () => undefined);
  opened.body.destroy();
}

function badLink(detail: string): UpstreamError {
  return new UpstreamError(endpoint, { ...outputFault(0), httpStatus: null, detail });
}

/** A link that does not serve: whoever opened it may try the upstream's own download instead. */
function outputFault(status: number): UpstreamFault {
  return {
    code: outputCode(status),
    upstreamCode: null,
    httpStatus: status,
    retryAfterMs: null,
    detail: `HTTP ${status}`,
  };
}

function outputCode(status: number): FaultCode {
  if (status === 416) return 'rejected'; // the range, not the file
  if ([401, 403, 404, 410].includes(status)) return 'not_found'; // expired and deleted links
  return 'server_error';
}
