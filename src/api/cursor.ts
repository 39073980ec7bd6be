/** Cursors: opaque to callers, checked like any other input. */
import type { BatchPlace } from '../shared/list-batches.ts';
import { RefusedError } from './refused-error.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64url');

function decode(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  // Base64 decodes anything: only what encodes to the same was ours.
  if (encode(text) !== cursor) throw badCursor();
  return text;
}

export const badCursor = (): RefusedError =>
  new RefusedError({
    status: 400,
    code: 'invalid_cursor',
    detail: 'The cursor is not one of this list.',
    errors: [{ pointer: 'query:cursor', code: 'invalid_cursor', detail: 'The cursor is not one of this list.' }],
  });

export const toIndexCursor = (index: number | null): string | null => (index === null ? null : encode(`i${index}`));

/** -1: from the start. */
export function readIndexCursor(cursor: string | undefined): number {
  if (cursor === undefined) return -1;
  const digits = /^i(\d{1,8})$/.exec(decode(cursor))?.[1];
  if (digits === undefined) throw badCursor();
  return Number(digits);
}

export const toPlaceCursor = (place: BatchPlace | null): string | null =>
  place === null ? null : encode(`p${place.createdAt} ${place.id}`);

export function readPlaceCursor(cursor: string | undefined): BatchPlace | null {
  if (cursor === undefined) return null;
  const [, createdAt, id] = /^p(\d{1,15}) ([a-z0-9_]{1,80})$/.exec(decode(cursor)) ?? [];
  if (createdAt === undefined || id === undefined) throw badCursor();
  return { createdAt: Number(createdAt), id };
}

export const toIdCursor = (id: string | null): string | null => (id === null ? null : encode(`d${id}`));

export function readIdCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const id = /^d(\w{1,120})$/.exec(decode(cursor))?.[1];
  if (id === undefined) throw badCursor();
  return id;
}
