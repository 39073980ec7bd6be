/** Fingerprints of an Idempotency-Key and of the body that came with it; neither is kept itself. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Some milliseconds of work, before other requests get their turn. */
const piecesAtOnce = 20_000;

/** The same for the same JSON, however its keys are ordered or spaced. `route`: one key means one endpoint. */
export async function hashBody(route: string, body: unknown): Promise<string> {
  const hash = createHash('sha256').update(route);
  let pieces = 0;
  for (const piece of canonical(body)) {
    hash.update(piece);
    pieces += 1;
    if (pieces % piecesAtOnce === 0) await nextTurn();
  }
  return hash.digest('hex');
}

/** In pieces: the text of 50,000 files at once would double what the body takes.  */
function* canonical(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const part of value) {
      yield '[';
      yield* canonical(part);
    }
    yield ']';
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value).sort()) {
      yield `{${JSON.stringify(key)}`;
      yield* canonical((value as Record<string, unknown>)[key]);
    }
    yield '}';
  } else {
    yield JSON.stringify(value) ?? 'undefined';
  }
}
