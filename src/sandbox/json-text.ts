/**
 * JSON with numbers kept as they were spelled. Drafts carry numbers beyond 2^53 on purpose: a client that parses and
 * prints them with the plain JSON functions changes them, and the sandbox has to notice that.
 */

import { createHash } from 'node:crypto';

declare global {
  interface JSON {
    /** Prints as exactly this text (Node ≥ 22; not yet in TypeScript's library). */
    rawJSON(text: string): unknown;
  }
}

/** A number as its source text. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** Parses with every number as a `NumberText`. Throws SyntaxError like JSON.parse. */
export function parseExact(text: string): unknown {
  const revive: SourceReviver = (_key, value, context) =>
    typeof value === 'number' ? new NumberText(context.source ?? String(value)) : value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** One text for equal values: keys sorted, no blanks, numbers as spelled. Takes what `parseExact` returns. */
export function toCanonicalText(value: unknown): string {
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) return `[${value.map(toCanonicalText).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${toCanonicalText(item)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Of the canonical text of what `parseExact` returns: equal for equal JSON, and small enough to keep for each state ever shown. */
export function toFingerprint(exact: unknown): string {
  return createHash('sha256').update(toCanonicalText(exact)).digest('base64');
}

/** Prints bigints as bare numbers with every digit. */
export function toJsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? JSON.rawJSON(item.toString()) : item,
  );
}
