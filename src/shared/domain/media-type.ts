/** The file types that the upstream takes (seed, "Accepted file types"), judged by name. Pure; bytes are judged elsewhere. */
export type MediaKind = 'video' | 'image' | 'audio';

export interface MediaType {
  readonly extension: string;
  readonly kind: MediaKind;
  readonly contentType: string;
}

const types: readonly (readonly [extension: string, kind: MediaKind, contentType: string])[] = [
  ['mp4', 'video', 'video/mp4'],
  ['mov', 'video', 'video/quicktime'],
  ['avi', 'video', 'video/x-msvideo'],
  ['webm', 'video', 'video/webm'],
  ['mkv', 'video', 'video/x-matroska'],
  ['jpg', 'image', 'image/jpeg'],
  ['png', 'image', 'image/png'],
  ['gif', 'image', 'image/gif'],
  ['webp', 'image', 'image/webp'],
  ['mp3', 'audio', 'audio/mpeg'],
  ['wav', 'audio', 'audio/wav'],
  ['m4a', 'audio', 'audio/mp4'],
  ['aac', 'audio', 'audio/aac'],
];

const byExtension = new Map<string, MediaType>(
  types.map(([extension, kind, contentType]) => [extension, { extension, kind, contentType }]),
);

export const acceptedExtensions: readonly string[] = types.map(([extension]) => extension);

/** "Stick to MP4, MOV, AVI, WebM for the smoothest experience" (seed): other videos are taken, with a warning. */
export const smoothExtensions: readonly string[] = ['mp4', 'mov', 'avi', 'webm'];

/** Null for a name without an accepted extension. */
export function mediaTypeOf(name: string): MediaType | null {
  const extension = /\.([a-z0-9]+)$/i.exec(name.trim())?.[1]?.toLowerCase();
  return extension === undefined ? null : (byExtension.get(extension) ?? null);
}
