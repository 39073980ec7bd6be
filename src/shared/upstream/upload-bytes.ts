/** POST upload by multipart: streams one file with constant memory. Not idempotent; consumes and destroys `body`. */
import { randomUUID } from 'node:crypto';
import { callUpstream, senseless } from './call.ts';
import { timeoutsMs } from './timeouts.ts';
import type { CallOptions, UploadReply, Upstream } from './types.ts';
import { readUploadReply } from './upload-reply.ts';
import { UploadSourceError } from './upload-source-error.ts';

export interface UploadSource {
  readonly sessionId: string;
  readonly name: string;
  readonly contentType: string;
  /** Length of `body`: goes into Content-Length, and a body of another length ends the call. */
  readonly bytes: number;
  /** A piece may be overwritten once the next is asked for, if it is not shorter than what a socket holds (64 KB). */
  readonly body: AsyncIterable<Buffer> & { readonly destroy: () => void };
}

export async function uploadBytes(
  up: Upstream,
  token: string,
  source: UploadSource,
  options: CallOptions = {},
): Promise<UploadReply> {
  const form = multipart(source);
  const call = {
    endpoint: 'upload-bytes',
    scope: 'session',
    method: 'POST',
    path: `/api/upload-video/nemo_agent/me/${encodeURIComponent(source.sessionId)}`,
    token,
    headers: {
      'content-type': `multipart/form-data; boundary=${form.boundary}`,
      'content-length': String(form.length),
    },
    body: form.body,
    timeoutMs: timeoutsMs.uploadBytes,
  } as const;
  try {
    const answer = await callUpstream(up, call, options);
    const reply = readUploadReply(answer.json);
    if (reply === null) throw senseless(call, answer);
    return reply;
  } catch (error) {
    throw form.sourceError() ?? error;
  } finally {
    source.body.destroy();
  }
}

interface Multipart {
  readonly boundary: string;
  readonly length: number;
  /** No Readable around it: that asks for pieces ahead, and undici for the next one when the socket has none left. */
  readonly body: AsyncIterable<Buffer>;
  /** Why the source itself failed, which undici reports as a fault of the connection. */
  readonly sourceError: () => UploadSourceError | null;
}

function multipart(source: UploadSource): Multipart {
  const boundary = `batch-video-${randomUUID()}`;
  const disposition = `form-data; name="files"; filename="${escapeFilename(source.name)}"`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${oneLine(source.contentType)}\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  let failure: UploadSourceError | null = null;
  const fail = (code: UploadSourceError['code'], cause?: unknown): UploadSourceError =>
    (failure = new UploadSourceError(code, cause));
  async function* parts(): AsyncGenerator<Buffer> {
    yield head;
    let sent = 0;
    let isOut = false; // a chunk is with undici: what is thrown in now is its error, not the source's
    try {
      for await (const chunk of source.body) {
        sent += chunk.length;
        if (sent > source.bytes) break;
        isOut = true;
        yield chunk;
        isOut = false;
      }
    } catch (error) {
      throw isOut ? error : fail('read_failed', error);
    }
    if (sent !== source.bytes) throw fail('length_mismatch');
    yield tail;
  }
  return { boundary, length: head.length + source.bytes + tail.length, body: parts(), sourceError: () => failure };
}

/** As browsers do it (WHATWG form data): UTF-8 as it is, quotes and line ends encoded; other control signs have no place. */
export function escapeFilename(name: string): string {
  const escaped = name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
  return escaped.replaceAll(/\p{Cc}/gu, '_');
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ');
}
