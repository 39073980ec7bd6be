/**
 * What the client needs of `fetch`, and no more: the one of Node, Bun, Deno and browsers has it, and so has undici's.
 * An own one may go through a proxy, or count.
 */
export interface FetchInit {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string | Blob | ReadableStream<Uint8Array>;
  /** A streamed body needs the word; there is no other way yet. */
  readonly duplex?: 'half';
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** A web stream, by what is used of it: the types of the web's, Node's and undici's disagree on the rest. */
  readonly body: { getReader(): ByteReader } | null;
}

interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;
