/** Reads a reply's body as text, up to a limit, decoding what a proxy may have compressed. Leaves no body undrained. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Readable } from 'node:stream';

const decoders: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Null where the body is larger than `maxBytes` (before or after decoding) or its encoding cannot be read. */
export async function readBody(body: Readable, encoding: string, maxBytes: number): Promise<string | null> {
  const bytes = await readCapped(body, maxBytes);
  if (bytes === null) return null;
  return decodeBody(bytes, encoding, maxBytes);
}

export async function decodeBody(bytes: Buffer, encoding: string, maxBytes: number): Promise<string | null> {
  const name = encoding.trim();
  if (name === '' || name === 'identity' || bytes.length === 0) return bytes.toString('utf8');
  const decode = decoders[name];
  if (decode === undefined) return null;
  try {
    return (await decode(bytes, { maxOutputLength: maxBytes })).toString('utf8');
  } catch {
    return null; // cut, forged or too large: the caller reports an answer that makes no sense
  }
}

async function readCapped(body: Readable, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) return null; // leaving the loop destroys the body
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
