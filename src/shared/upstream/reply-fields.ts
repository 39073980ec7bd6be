/**
 * Tolerant readers of single fields of a reply: nobody has published the upstream's schema, so a number may come as
 * text and a known key may hold something else. What cannot be read is null, never an exception.
 */
import { z } from 'zod';

const numeric = z.union([
  z.number(),
  z
    .string()
    .trim()
    .regex(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i)
    .transform(Number),
]);

export const numberField = numeric.pipe(z.number().finite()).nullable().catch(null);

/** Text that says something; numbers are read as text (ids). */
export const textField = z
  .union([z.string(), z.number().transform(String)])
  .pipe(z.string().trim().min(1))
  .nullable()
  .catch(null);

export type Fields = Record<string, unknown>;

/** Missing and non-object values read as an object without keys. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first of the keys that holds text. */
export function firstText(fields: Fields, keys: readonly string[]): string | null {
  for (const key of keys) {
    const text = textField.parse(fields[key] ?? null);
    if (text !== null) return text;
  }
  return null;
}

export function firstNumber(fields: Fields, keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = numberField.parse(fields[key] ?? null);
    if (value !== null) return value;
  }
  return null;
}

/** The upstream tells lengths in seconds; the service uses ms throughout. */
export function secondsToMs(seconds: number | null): number | null {
  return seconds === null || seconds < 0 ? null : Math.round(seconds * 1000);
}
