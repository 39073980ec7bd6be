/**
 * JSON.parse that does not round ids: whole numbers beyond 2^53 come out as their decimal text. Session ids have 19
 * digits and may come bare. Throws what JSON.parse throws; callers translate.
 */
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

const keepLargeIntegers: Reviver = (_key, value, context) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '')
    ? context.source
    : value;

/** Where a bare number begins, at the start of a text or after one of these; ids in quotes need no care. */
const longNumber = /(?:^|[:[,])\s*-?\d{16}/;

/** A reviver slows parsing down several times, so it is only used where a number could need it. */
export function parseJson(text: string): unknown {
  return longNumber.test(text) ? parseJsonWith(text, keepLargeIntegers) : JSON.parse(text);
}

/** JSON.parse with source text: in the language since 2025, in Node since 22, not in the compiler's library everywhere. */
export function parseJsonWith(text: string, reviver: Reviver): unknown {
  return JSON.parse(text, reviver as (this: unknown, key: string, value: unknown) => unknown);
}
