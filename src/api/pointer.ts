/** JSON pointers in their URI fragment form (RFC 6901 §6), without percent-encoding: they are for people, too. */

export type PathPart = string | number;

export const pointerTo = (path: readonly PathPart[]): string =>
  `#${path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
