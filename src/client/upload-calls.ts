/** Sends a file to the service. Whatever the runtime has as bytes will do; a path is for the command alone. */
import { uploadSchema, type UploadResource } from '../api/uploads.schema.ts';
import { callJson } from './call-json.ts';
import type { CallOptions, Connection } from './connection.ts';

/** A `File` of a browser, a stream of the web or of Node, bytes, or anything that yields bytes. */
export type UploadBytes = Blob | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export interface UploadOptions extends CallOptions {
  /** With its extension, which says what it is. A `File` has one of its own. */
  readonly name?: string | undefined;
  /** Where it is known beforehand; the service takes a stream without it, too. */
  readonly bytes?: number | undefined;
}

/** Counts from the start of the request, its body included: 500 MB at 300 kB/s. */
const uploadTimeoutMs = 1_800_000;

export function uploadCalls(connection: Connection) {
  return {
    /** Never repeated by itself: a stream can be read once. One that was cut leaves nothing behind but an upload that expires. */
    create: (source: UploadBytes, options: UploadOptions = {}): Promise<UploadResource> =>
      callJson(
        connection,
        {
          method: 'POST',
          path: '/uploads',
          query: { name: options.name ?? nameOf(source) },
          bytes: { body: toBody(source), length: options.bytes ?? lengthOf(source) },
          repeatable: false,
          headersTimeoutMs: uploadTimeoutMs,
          signal: options.signal,
        },
        uploadSchema,
      ),
  };
}

function nameOf(source: UploadBytes): string | undefined {
  return 'name' in source && typeof source.name === 'string' ? source.name : undefined;
}

function lengthOf(source: UploadBytes): number | null {
  if (source instanceof Blob) return source.size;
  return source instanceof Uint8Array ? source.byteLength : null;
}

function toBody(source: UploadBytes): Blob | ReadableStream<Uint8Array> {
  if (source instanceof Blob || source instanceof ReadableStream) return source;
  // Copied, as what lies behind it may be shared memory, which no Blob takes.
  return source instanceof Uint8Array ? new Blob([Uint8Array.from(source)]) : toStream(source);
}

/** `ReadableStream.from` is not everywhere yet. */
function toStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
