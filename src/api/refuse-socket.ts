/** Answers where no request came about: on the bare socket, as problem+json like every other refusal. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { newRequestId } from '../shared/ids.ts';
import { problemType, toProblem } from './problem.ts';
import type { Refusal } from './refused-error.ts';

/** The socket is of no use for another request: where one request ends and the next begins is not known any more. */
export function refuseSocket(socket: Duplex, refusal: Refusal): void {
  if (socket.destroyed) return;
  const body = JSON.stringify(toProblem(refusal, newRequestId()));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ].join('\r\n');
  if (socket.writable) socket.end(`${head}\r\n\r\n${body}`);
  // A client that goes on sending is not waited for.
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

const lingerMs = 1000;

const headersTooLarge: Refusal = {
  status: 431,
  code: 'headers_too_large',
  detail: 'The headers are larger than 16 KB.',
};
const invalidHttp: Refusal = {
  status: 400,
  code: 'invalid_http',
  detail: 'This is no HTTP request that can be read.',
};

/** By Node's own codes (`code` of the error), never by its words. */
export function toSocketRefusal(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestTooSlow;
  return code === 'HPE_HEADER_OVERFLOW' ? headersTooLarge : invalidHttp;
}

export const requestTooSlow: Refusal = {
  status: 408,
  code: 'request_too_slow',
  detail: 'The request did not come in time.',
};
