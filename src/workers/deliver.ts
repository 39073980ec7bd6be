/** The step `deliver`: streams the output to the caller's presigned URL. Nothing is kept on the way; a repeat is safe (PUT). */
import { Readable } from 'node:stream';
import { request } from 'undici';
import { checkUrl } from '../shared/guard/check-url.ts';
import { GuardError } from '../shared/guard/guard-error.ts';
import { openContent } from '../shared/open-content.ts';
import type { Output } from '../shared/domain/file-state.ts';
import { dropBody } from '../shared/upstream/open-output.ts';
import { DestinationError } from './destination-error.ts';
import type { Run } from './run.ts';

/** 500 MB at 0.5 MB/s. */
const deliverTimeoutMs = 20 * 60_000;
/** A destination that takes nothing for this long has hung. */
const stalledMs = 60_000;

export async function runDeliver(run: Run): Promise<void> {
  const file = run.file();
  if (file.state.status !== 'delivering' || file.input.destination === null) return;
  const { putUrl } = file.input.destination;
  const checked = checkUrl(putUrl, { allowPrivate: run.ctx.config.sourceAllowPrivate });
  if (!checked.ok) return refuse(run, `${checked.detail}.`);
  const status = await put(run, file.state.output, checked.url);
  if (status >= 200 && status < 300) {
    await run.finish({ type: 'delivered', run: run.number });
    return;
  }
  if (status >= 500 || status === 408 || status === 429)
    throw new DestinationError(`The destination answered HTTP ${status}.`);
  await refuse(run, `The destination answered HTTP ${status}. ${hintOf(status)}`);
}

/** What to do about it: an answer below 500 stays what it is, however often it is asked for. */
function hintOf(status: number): string {
  if (status < 400) return 'A PUT follows no redirect: retry with the URL that it leads to.';
  if (status === 401 || status === 403) {
    return 'The signed URL has probably expired, or was not signed for a PUT of video/mp4: retry with a fresh destination.';
  }
  if (status === 411) return 'It wants a Content-Length, and the upstream did not tell it: retry, or take …/content.';
  if (status === 413) return 'The output is too large for it: retry with another destination.';
  return 'Retry with another destination.';
}

async function refuse(run: Run, detail: string): Promise<void> {
  await run.finish({ type: 'delivery-refused', run: run.number, detail });
}

async function put(run: Run, output: Output, url: URL): Promise<number> {
  const content = await openContent(run.ctx, output, {}, run.signals.abort);
  const length = lengthOf(content.headers['content-length']) ?? output.bytes;
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stalledMs);
  try {
    const reply = await request(url, {
      method: 'PUT',
      dispatcher: run.ctx.deliveryDispatcher,
      // Stores that sign URLs take no body of unknown length (411).
      headers: { 'content-type': 'video/mp4', ...(length === null ? {} : { 'content-length': String(length) }) },
      body: Readable.from(
        taken(content.body, () => timer.refresh()),
        { objectMode: false },
      ),
      signal: AbortSignal.any([run.signals.abort, stalled.signal, AbortSignal.timeout(deliverTimeoutMs)]),
    });
    await reply.body.dump();
    run.ctx.reach('deliver: put, not saved');
    return reply.statusCode;
  } catch (error) {
    if (error instanceof GuardError || error instanceof DestinationError) throw error;
    throw new DestinationError('The connection to the destination failed.', { cause: error });
  } finally {
    clearTimeout(timer);
    dropBody(content);
  }
}

/** Tells whenever the destination has taken a piece; what breaks here is the way from the output, not to the destination. */
async function* taken(body: Readable, tell: () => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) {
      tell();
      yield chunk as Buffer;
    }
  } catch (error) {
    throw new DestinationError('The output broke off on its way to the destination.', { cause: error });
  }
}

const lengthOf = (header: string | string[] | undefined): number | null =>
  typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null;
