/**
 * Looks at a finished render before it is called one: does its link serve, is it as long as declared, does it begin
 * like an MP4? No ffmpeg here: the container's first bytes are enough to tell a cut file or an error page.
 */
import type { Readable } from 'node:stream';
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

const headBytes = 32;

export async function inspectOutput(run: Run, id: string, rendering: RenderState): Promise<Inspection> {
  const { upstream } = run.ctx.account;
  const range = { range: `bytes=0-${headBytes - 1}` };
  const { url } = rendering;
  if (url !== null) {
    const opened = await tryOpen(() =>
      openOutput(upstream.outputDispatcher, url, range, { signal: run.signals.abort }),
    );
    if (opened !== null) return judge(opened, url, rendering);
  }
  const opened = await tryOpen(() => run.call((token, signal) => openDownload(upstream, token, id, range, { signal })));
  return opened === null ? { kind: 'not-yet' } : judge(opened, null, rendering);
}

/** Null: this way does not serve, so the other one is tried. */
async function tryOpen(open: () => Promise<OpenedBody>): Promise<OpenedBody | null> {
  try {
    return await open();
  } catch (error) {
    // A limit is the account's, and no sign of a bad output.
    if (error instanceof UpstreamError) {
      if (error.fault.code === 'rate_limited') throw error;
      return null;
    }
    if (error instanceof GuardError) return null;
    throw error;
  }
}

async function judge(opened: OpenedBody, url: string | null, rendering: RenderState): Promise<Inspection> {
  const head = await readHead(opened.body);
  const bytes = totalBytes(opened);
  if (head.length < 12 || head.toString('latin1', 4, 8) !== 'ftyp') {
    return { kind: 'broken', detail: 'the output does not begin like an MP4' };
  }
  if (bytes !== null && rendering.bytes !== null && bytes < rendering.bytes) {
    return { kind: 'broken', detail: `the output has ${bytes} of ${rendering.bytes} bytes` };
  }
  return { kind: 'serves', url, bytes };
}

async function readHead(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= headBytes) break;
    }
  } catch {
    // A body that is cut this early is judged by what came.
  }
  return Buffer.concat(chunks).subarray(0, headBytes);
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
