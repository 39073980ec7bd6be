/** Judges a file by its first bytes: does it hold what its name says, and is that accepted? */
import { acceptedExtensions, mediaTypeOf } from '../shared/domain/media-type.ts';
import { RefusedError } from './refused-error.ts';

/** What file-type needs to see of a container. */
export const sniffedBytes = 4100;

/** Names of the same formats that the list of accepted ones does not spell out. */
const sameFormat: Readonly<Record<string, string>> = { m4v: 'mp4', '3gp': 'mp4', m4b: 'm4a', apng: 'png' };

export const unsupported = (detail: string): RefusedError =>
  new RefusedError({
    status: 415,
    code: 'unsupported_file_type',
    detail: `${detail} Accepted are ${acceptedExtensions.join(', ')}.`,
  });

export async function judgeBytes(name: string, head: Buffer): Promise<void> {
  const named = mediaTypeOf(name);
  if (named === null) throw unsupported('The name has no accepted extension.');
  // Loaded with the first upload: a start takes a twentieth longer with it.
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(head);
  const extension = found === undefined ? '' : (sameFormat[found.ext] ?? found.ext);
  const type = mediaTypeOf(`x.${extension}`);
  if (type === null) throw unsupported('The bytes are of no accepted type.');
  // Video and audio share containers (mp4, webm); a picture is never one of them.
  if ((type.kind === 'image') !== (named.kind === 'image')) {
    throw unsupported(`The name says ${named.extension} and the bytes are ${type.extension}.`);
  }
}
