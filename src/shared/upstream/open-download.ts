/**
 * GET a render's download from the upstream itself: the way out when the output link does not serve. It answers with
 * bytes, with JSON that holds a link, or with a redirect; the token goes to the upstream alone, links are opened without.
 */
import { request } from 'undici';
import { callHeaders, senseless, toAnswer } from './call.ts';
import { startDeadline, type Deadline } from './deadline.ts';
import { dropBody, openOutput, type OutputRange } from './open-output.ts';
import { readBody } from './read-body.ts';
import { fieldsOf, firstText, isFields } from './reply-fields.ts';
import { maxBytes, timeoutsMs } from './timeouts.ts';
import { headerText, isHtml, toFault, type Answer } from './to-fault.ts';
import { markStart, transportFault, type StartMark } from './transport-fault.ts';
import type { CallOptions, OpenedBody, Upstream } from './types.ts';
import { UpstreamError } from './upstream-error.ts';

const endpoint = 'open-download';

export async function openDownload(
  up: Upstream,
  token: string,
  id: string,
  input: OutputRange = {},
  options: CallOptions = {},
): Promise<OpenedBody> {
  const deadline = startDeadline(options.timeoutMs ?? timeoutsMs.openDownload, options.signal);
  try {
    const outcomeOf = ({ status }: OpenedBody): string => `${Math.floor(status / 100)}xx`;
    const opened = await up.watch(endpoint, () => ask(up, token, id, input, deadline), outcomeOf);
    const link = await linkOf(up, token, opened, deadline);
    if (link !== null) {
      deadline.release();
      return await openOutput(up.outputDispatcher, link, input, options);
    }
    deadline.stopClock();
    opened.body.once('close', deadline.release);
    return opened;
  } catch (error) {
    deadline.release();
    throw error;
  }
}

async function ask(
  up: Upstream,
  token: string,
  id: string,
  input: OutputRange,
  deadline: Deadline,
): Promise<OpenedBody> {
  const mark: StartMark = { started: false };
  const range = input.range === undefined ? {} : { range: input.range };
  try {
    const reply = await request(`${up.baseUrl}/api/render/proxy/${encodeURIComponent(id)}/download`, {
      dispatcher: up.dispatcher.compose(markStart(mark)),
      headers: callHeaders(up, { token, headers: { accept: '*/*', 'accept-encoding': 'identity', ...range } }),
      signal: deadline.signal,
      headersTimeout: 0,
      bodyTimeout: timeoutsMs.bodyIdle,
    });
    return { status: reply.statusCode, headers: reply.headers, body: reply.body };
  } catch (error) {
    throw new UpstreamError(endpoint, transportFault(error, mark.started, deadline.stopped()), error);
  }
}

/** The link to go on with; null where the answer is the bytes themselves. Throws where it is neither. */
async function linkOf(up: Upstream, token: string, opened: OpenedBody, deadline: Deadline): Promise<string | null> {
  const location = opened.headers['location'];
  if (opened.status >= 300 && opened.status < 400 && typeof location === 'string') {
    dropBody(opened);
    return URL.parse(location, up.baseUrl)?.href ?? location;
  }
  const type = headerText(opened, 'content-type');
  if (opened.status < 300 && !/json|text\/html/.test(type)) return null;
  const answer = await readAnswer(opened, deadline);
  const fault = toFault(answer, 'render', token, Date.now());
  if (fault !== null) throw new UpstreamError(endpoint, fault);
  const link = isHtml(answer) ? null : findLink(answer.json);
  if (link === null) throw senseless({ endpoint, token }, answer);
  return URL.parse(link, up.baseUrl)?.href ?? link;
}

async function readAnswer(opened: OpenedBody, deadline: Deadline): Promise<Answer> {
  try {
    const text = await readBody(opened.body, headerText(opened, 'content-encoding'), maxBytes.reply);
    return toAnswer(opened.status, opened.headers, text);
  } catch (error) {
    throw new UpstreamError(endpoint, transportFault(error, true, deadline.stopped()), error);
  }
}

const linkKeys = ['url', 'downloadUrl', 'download_url', 'outputUrl', 'output_url', 'cdn_url'];

function findLink(json: unknown): string | null {
  const top = fieldsOf(json);
  const data = top['data'];
  for (const fields of [fieldsOf(data), fieldsOf(fieldsOf(data)['output']), top, fieldsOf(top['output'])]) {
    const link = firstText(fields, linkKeys);
    if (link !== null) return link;
  }
  return typeof data === 'string' && !isFields(data) ? data : null;
}
