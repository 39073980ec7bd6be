/**
 * The way from a file's record of an older release to today's shape, one step a version. Lazy: a record is brought up
 * when it is read, and stored in the new shape by its next save; a batch that nobody touches is never rewritten.
 */

/** From version n, which is its place in the list plus 1, to n + 1. Pure; gets a record as it was stored. */
export type Migration = (record: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** `recordVersion` - 1 of them. A field that is merely new needs none: it gets a default in its schema. */
export const migrations: readonly Migration[] = [
  // To 2: the same fields. One that has ended may be stored packed (packed-progress.ts), and one at work may be run under the
  // job of an earlier run, which an older release would start a second time.
  (record) => ({ ...record }),
];

/** The record in the shape that follows from all steps after its version; one of no known version stays as it is. */
export function toNewest(
  record: Readonly<Record<string, unknown>>,
  version: number,
  steps: readonly Migration[] = migrations,
): Readonly<Record<string, unknown>> {
  return version < 1 ? record : steps.slice(version - 1).reduce((older, step) => step(older), record);
}
