/** Turns what zod found into errors with a pointer and a stable code each; an unknown key names the nearest known one. */
import { z } from 'zod';
import { nearestWord } from './nearest-word.ts';
import { pointerTo, type PathPart } from './pointer.ts';
import type { ProblemError } from './problem.schema.ts';

type Issue = z.core.$ZodIssue;
/** Where the faulty part of the request stands. */
export type Part = 'body' | 'query' | 'params' | 'headers';

export function toProblemErrors(error: z.core.$ZodError, schema: z.core.$ZodType, part: Part): ProblemError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, schema, part);
    return [{ pointer: pointerIn(part, toPath(issue.path)), code: codeOf(issue), detail: detailOf(issue) }];
  });
}

const toPath = (path: readonly PropertyKey[]): PathPart[] =>
  path.map((part) => (typeof part === 'symbol' ? String(part) : part));

const pointerIn = (part: Part, path: readonly PathPart[]): string =>
  part === 'body' ? pointerTo(path) : `${part}:${path.join('.')}`;

function unknownKeys(
  issue: Extract<Issue, { code: 'unrecognized_keys' }>,
  schema: z.core.$ZodType,
  part: Part,
): ProblemError[] {
  const path = toPath(issue.path);
  const known = keysAt(schema, path);
  return issue.keys.map((key) => {
    const nearest = nearestWord(key, known);
    const hint = nearest === null ? '' : ` Did you mean "${nearest}"?`;
    const detail = `"${shorten(key)}" is not known here.${hint}`;
    return { pointer: pointerIn(part, [...path, key]), code: 'unknown_key', detail };
  });
}

const shorten = (text: string): string => (text.length <= 80 ? text : `${text.slice(0, 79)}…`);

/** The keys that a schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: readonly PathPart[]): string[] {
  let at: z.core.$ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrap((at.shape as Record<string, z.ZodType>)[String(part)]);
    else if (at instanceof z.ZodArray) at = unwrap(at.element);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault) {
    inner = inner.unwrap();
  }
  return inner;
}

function codeOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_format':
    case 'not_multiple_of':
      return issue.code;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? 'too_short' : 'too_small';
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array' ? 'too_long' : 'too_big';
    case 'custom':
      return typeof issue.params?.['code'] === 'string' ? issue.params['code'] : 'invalid_value';
    case 'unrecognized_keys':
      return 'unknown_key';
    case 'invalid_value':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return 'invalid_value';
  }
}

/** Zod's own words tell the rule; they never repeat the input. */
const detailOf = (issue: Issue): string => issue.message;
