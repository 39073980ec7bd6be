/** Judges a file by the extension of its name, before a byte of it is read. Pure. */
import { acceptedExtensions, mediaTypeOf } from '../shared/domain/media-type.ts';

/** A URL may do without an extension (a presigned one often does); a name on disk may not. */
export function unsupportedName(name: string, needsExtension: boolean): { code: string; detail: string } | null {
  if (mediaTypeOf(name) !== null) return null;
  if (!needsExtension && !/\.[A-Za-z][A-Za-z0-9]{1,4}$/.test(name)) return null;
  return { code: 'unsupported_file_type', detail: `Accepted are ${acceptedExtensions.join(', ')}.` };
}
