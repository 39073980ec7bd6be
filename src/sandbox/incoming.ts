/** Bytes on their way in: from a multipart part or from a URL, to a file of ours, with the size limit. */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MultipartFile } from '@fastify/multipart';
import type { Sandbox } from './context.ts';
import { kindOf, mediaPath } from './media.ts';
import { Refusal, refusals } from './refusal.ts';
import type { Media } from './store.ts';

export type StoredFile = Pick<Media, 'id' | 'name' | 'path' | 'bytes' | 'kind'>;

/** `stopAtBytes`: break off there, as a cut connection would; null: take it all. */
export async function storePart(
  sandbox: Sandbox,
  part: MultipartFile,
  stopAtBytes: number | null,
): Promise<StoredFile | 'cut'> {
  const place = openPlace(sandbox, part.filename);
  const counter = createCounter(sandbox.settings.maxFileBytes, stopAtBytes);
  try {
    await pipeline(part.file, counter.stream, createWriteStream(place.path));
  } catch (error) {
    await rm(place.path, { force: true });
    if (counter.isCut()) return 'cut';
    throw error;
  }
  if (part.file.truncated) {
    await rm(place.path, { force: true });
    throw refusals.tooLarge();
  }
  return { ...place, bytes: counter.bytes() };
}

export async function fetchMedia(sandbox: Sandbox, url: string): Promise<StoredFile> {
  const response = await fetch(url, { signal: sandbox.closing }).catch((cause: unknown) => {
    throw new Refusal(400, `could not fetch ${url}: ${String(cause)}`);
  });
  if (!response.ok || response.body === null) throw new Refusal(400, `could not fetch ${url}: HTTP ${response.status}`);
  const place = openPlace(sandbox, nameOf(url, response.headers.get('content-disposition')));
  const counter = createCounter(sandbox.settings.maxFileBytes, null);
  try {
    await pipeline(Readable.fromWeb(response.body), counter.stream, createWriteStream(place.path));
  } catch (error) {
    await rm(place.path, { force: true });
    throw error instanceof Refusal ? error : new Refusal(400, `could not fetch ${url}: the connection broke`);
  }
  return { ...place, bytes: counter.bytes() };
}

function openPlace(sandbox: Sandbox, filename: string): Omit<StoredFile, 'bytes'> {
  const name = basename(filename);
  const kind = kindOf(name);
  if (kind === null) throw refusals.unsupportedType(name);
  const id = `med_${sandbox.random.hex(16)}`;
  return { id, name, kind, path: mediaPath(sandbox, id, name) };
}

function createCounter(maxBytes: number, stopAtBytes: number | null) {
  let bytes = 0;
  let isCut = false;
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      isCut = stopAtBytes !== null && bytes >= stopAtBytes;
      if (isCut) done(new Error('cut on purpose'));
      else if (bytes > maxBytes) done(refusals.tooLarge());
      else done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes, isCut: () => isCut };
}

function nameOf(url: string, disposition: string | null): string {
  const named = /filename="?([^";]+)"?/iu.exec(disposition ?? '')?.[1];
  if (named !== undefined) return named;
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    // A stray percent sign: the name as it stands in the link.
    return last;
  }
}
