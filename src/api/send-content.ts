/** Passes an output's bytes on, with Range. What the upstream calls itself stays behind; its bytes and sizes go on. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FileRecord } from '../shared/domain/file.ts';
import { outputOf } from '../shared/to-file-resource.ts';
import { dropBody } from '../shared/upstream/open-output.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import type { ApiContext, OpenedContent } from './api-context.ts';
import { RefusedError, conflict } from './refused-error.ts';

const passedOn = ['content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified'] as const;
const rangeForm = /^bytes=(\d+-\d*|-\d+)(, *(\d+-\d*|-\d+))*$/;

export async function sendContent(
  ctx: ApiContext,
  file: FileRecord,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const output = outputOf(file);
  if (output === null) throw conflict('no_output', `The file is ${file.state.status}: it has no output yet.`);
  const { range } = request.headers;
  const gone = new AbortController();
  request.raw.once('close', () => gone.abort());
  // A Range that makes no sense is ignored (RFC 9110 §14.2).
  const opened = await open(ctx, () =>
    ctx.openContent(output, range !== undefined && rangeForm.test(range) ? range : undefined, gone.signal),
  );
  reply.raw.once('close', () => dropBody(opened));
  for (const name of passedOn) {
    const value = opened.headers[name];
    if (value !== undefined) reply.header(name, value);
  }
  reply.header('content-disposition', dispositionOf(file.input.name));
  return reply
    .code(opened.status === 206 ? 206 : 200)
    .header('content-type', 'video/mp4')
    .send(opened.body);
}

async function open(ctx: ApiContext, ask: () => Promise<OpenedContent>): Promise<OpenedContent> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UpstreamError && error.fault.httpStatus === 416) {
      throw new RefusedError({ status: 416, code: 'range_not_satisfiable', detail: 'The output has no such range.' });
    }
    ctx.log.warn({ err: error }, 'output not served');
    throw new RefusedError(
      { status: 502, code: 'output_unavailable', detail: 'The upstream does not serve the output now.' },
      { cause: error },
    );
  }
}

/** RFC 6266: a plain name for old clients, the full one for the others. */
function dispositionOf(name: string): string {
  const mp4 = `${name.replace(/\.[A-Za-z0-9]{1,5}$/, '')}.mp4`;
  const plain = mp4.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(mp4).replaceAll(/['()*]/g, escaped)}`;
}

const escaped = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
