/**
 * Looks at a finished render before it is called one: does its link serve, is it as long as declared, does it begin
 * like an MP4 and end where it should? No ffmpeg here: a few bytes at either end tell a cut file or an error page.
 */
import type { Readable } from 'node:stream';
import { reactionTo } from '../shared/domain/reactions.ts';
import { openDownload } from '../shared/upstream/open-download.ts';
import { openOutput } from '../shared/upstream/open-output.ts';
import type { OpenedBody, RenderState } from '../shared/upstream/types.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import { GuardError } from '../shared/guard/guard-error.ts';
import type { Run } from './run.ts';

export type Inspection =
  /** `url` null: only the upstream's own /download serves it. */
  | { readonly kind: 'serves'; readonly url: string | null; readonly bytes: number | null }
  | { readonly kind: 'broken'; readonly detail: string }
  | { readonly kind: 'not-yet' };

/** Read at either end. */
const edgeBytes = 32;

type Open = (range: string) => Promise<OpenedBody>;

export async function inspectOutput(run: Run, id: string, rendering: RenderState): Promise<Inspection> {
  const { upstream } = run.ctx.account;
  const { url } = rendering;
  const openLink = (link: string, range: string): Promise<OpenedBody> =>
    openOutput(upstream.outputDispatcher, link, { range }, { signal: run.signals.abort });
  const byLink = url === null ? null : await look((range) => openLink(url, range), url, rendering);
  if (byLink?.kind === 'serves') return byLink;
  // A link may be dead, cut or an error page while the upstream itself has the file whole: until it has been asked,
  // nothing is known. A CDN's outage is a dead link; the API's is the account's (design §5), and is waited out.
  const openOwn: Open = (range) =>
    run.call((token, signal) => openDownload(upstream, token, id, { range }, { signal }));
  return (await look(openOwn, null, rendering, isOutage)) ?? byLink ?? { kind: 'not-yet' };
}

/** A refusal of the account (429, no token) says nothing about this output. */
const concernsAccount = ({ fault }: UpstreamError): boolean =>
  ['wait-out-limit', 'park'].includes(reactionTo(fault.code).reaction);

const isOutage = ({ fault }: UpstreamError): boolean => {
  const { reaction, retry } = reactionTo(fault.code);
  return reaction === 'back-off' && retry === 'call';
};

/** Null: this way does not serve, so the other one is tried. */
async function look(
  open: Open,
  url: string | null,
  rendering: RenderState,
  isWaitedOut: (error: UpstreamError) => boolean = () => false,
): Promise<Inspection | null> {
  try {
    return await judge(open, url, rendering);
  } catch (error) {
    if (error instanceof GuardError) return null;
    if (error instanceof UpstreamError && !concernsAccount(error) && !isWaitedOut(error)) return null;
    throw error;
  }
}

async function judge(open: Open, url: string | null, rendering: RenderState): Promise<Inspection> {
  const opened = await open(`bytes=0-${edgeBytes - 1}`);
  const head = await readEdge(opened.body);
  const bytes = totalBytes(opened);
  if (head.length < 12 || head.toString('latin1', 4, 8) !== 'ftyp') {
    return { kind: 'broken', detail: 'the output does not begin like an MP4' };
  }
  if (bytes !== null && rendering.bytes !== null && bytes < rendering.bytes) {
    return { kind: 'broken', detail: `the output has ${bytes} of ${rendering.bytes} bytes` };
  }
  if (opened.status === 206 && bytes !== null && !(await endsThere(open, bytes))) {
    return { kind: 'broken', detail: `the output breaks off before its ${bytes} bytes` };
  }
  return { kind: 'serves', url, bytes };
}

/** The length may be declared in full and the bytes end before it. Without ranges that would take the whole download. */
async function endsThere(open: Open, bytes: number): Promise<boolean> {
  const from = Math.max(0, bytes - edgeBytes);
  const tail = await open(`bytes=${from}-${bytes - 1}`);
  return (await readEdge(tail.body)).length >= bytes - from;
}

async function readEdge(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= edgeBytes) break;
    }
  } catch {
    // A body that is cut this early is judged by what came.
  }
  return Buffer.concat(chunks).subarray(0, edgeBytes);
}

/** The whole length, from Content-Range of a 206 or Content-Length of a 200. */
function totalBytes({ status, headers }: OpenedBody): number | null {
  const text =
    status === 206
      ? String(headers['content-range'] ?? '')
          .split('/')
          .at(-1)
      : headers['content-length'];
  const bytes = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : null;
  return bytes;
}
