/**
 * Looks through parsed JSON for what no part of a request may hold, whatever its place: keys that reach prototypes,
 * text that cannot be stored or sent as UTF-8, nesting that only an attack needs. Iterative, so depth cannot end it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pointerTo, type PathPart } from './pointer.ts';
import type { ProblemError } from './problem.schema.ts';

const maxDepth = 32;
/** Refused rather than stripped: whoever sends one should know. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
const mostErrors = 100;
/** Some milliseconds of work, before other requests get their turn. */
const spotsAtOnce = 20_000;

interface Spot {
  readonly value: unknown;
  readonly key: PathPart | null;
  readonly parent: Spot | null;
  readonly depth: number;
}

export async function checkJson(body: unknown): Promise<ProblemError[]> {
  const errors: ProblemError[] = [];
  let seen = 0;
  const open: Spot[] = [{ value: body, key: null, parent: null, depth: 0 }];
  for (let spot = open.pop(); spot !== undefined && errors.length < mostErrors; spot = open.pop()) {
    seen += 1;
    if (seen % spotsAtOnce === 0) await nextTurn();
    const fault = faultOf(spot);
    if (fault !== null) errors.push({ pointer: pointerTo(pathTo(spot)), ...fault });
    else if (typeof spot.value === 'object' && spot.value !== null) open.push(...partsOf(spot, spot.value));
  }
  return errors.toReversed();
}

function partsOf(parent: Spot, value: object): Spot[] {
  const depth = parent.depth + 1;
  if (Array.isArray(value)) return value.map((part: unknown, key) => ({ value: part, key, parent, depth }));
  return Object.entries(value).map(([key, part]) => ({ value: part as unknown, key, parent, depth }));
}

function faultOf({ value, key, depth }: Spot): { code: string; detail: string } | null {
  if (depth > maxDepth) return { code: 'too_deep', detail: `Nesting goes deeper than ${maxDepth} levels.` };
  if (typeof key === 'string') {
    if (forbiddenKeys.has(key)) return { code: 'forbidden_key', detail: 'This key is not allowed.' };
    if (!isCleanText(key)) return { code: 'invalid_text', detail: 'The key has a NUL or half a surrogate pair.' };
  }
  if (typeof value === 'string' && !isCleanText(value)) {
    return { code: 'invalid_text', detail: 'The text has a NUL or half a surrogate pair.' };
  }
  return null;
}

const isCleanText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

function pathTo(spot: Spot): PathPart[] {
  const path: PathPart[] = [];
  for (let at: Spot | null = spot; at !== null; at = at.parent) if (at.key !== null) path.unshift(at.key);
  return path;
}
