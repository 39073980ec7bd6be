/** Sends a file, whole or the one range that was asked for. */
import { createReadStream } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** `bytes`: what the file is said to be; `servedBytes`: break off after so many, as a bad link would. */
export function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  type: string,
  bytes: number,
  servedBytes = bytes,
): FastifyReply {
  const range = toRange(request.headers.range, bytes);
  void reply.type(type).header('accept-ranges', 'bytes');
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${bytes}`).send();
  const [first, last] = range ?? [0, bytes - 1];
  if (range !== null) void reply.code(206).header('content-range', `bytes ${first}-${last}/${bytes}`);
  void reply.header('content-length', last - first + 1);
  if (servedBytes >= bytes) return reply.send(createReadStream(path, { start: first, end: last }));
  return sendCut(reply, path, first, Math.min(last, servedBytes - 1));
}

/** Fewer bytes than content-length says, then the connection ends. */
function sendCut(reply: FastifyReply, path: string, first: number, last: number): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
  const stream = createReadStream(path, { start: first, end: Math.max(first, last) });
  stream.once('end', () => raw.socket?.destroySoon());
  stream.pipe(raw, { end: false });
  return reply;
}

function toRange(header: string | undefined, bytes: number): readonly [number, number] | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/u.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const first = match[1] === '' ? Math.max(0, bytes - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? bytes - 1 : Math.min(bytes - 1, Number(match[2]));
  return first > last ? 'unsatisfiable' : [first, last];
}
