/** The bytes of a finished video, as they come. */
import { call } from './call.ts';
import type { CallOptions, Connection } from './connection.ts';

export interface Content {
  /** To be read once. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Null where the service does not say. */
  readonly bytes: number | null;
}

export interface ContentOptions extends CallOptions {
  /** The first byte to send: goes on with what was cut. */
  readonly from?: number | undefined;
}

export async function openContent(
  connection: Connection,
  path: string,
  { from, signal }: ContentOptions = {},
): Promise<Content> {
  const range: Record<string, string> = from === undefined ? {} : { range: `bytes=${from}-` };
  const headers = { accept: '*/*', ...range };
  const answer = await call(connection, { method: 'GET', path, headers, repeatable: true, signal });
  const length = answer.headers.get('content-length');
  // A length of what was packed on the way says nothing about what is read.
  const isPacked = answer.headers.get('content-encoding') !== null;
  return { stream: answer.bytes, bytes: length === null || isPacked ? null : Number(length) };
}
