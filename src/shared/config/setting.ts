/** What a setting is, and how its text becomes a value. Pure: the environment comes in as an argument. */
import type { z } from 'zod';

export type Setting<Value> = {
  readonly name: string;
  /** Judges the text of the variable. Its messages state the rule, never the value: the value may be a secret. */
  readonly schema: z.ZodType<Value, string>;
  /** The text that stands in for an unset variable; null where unset means "none". */
  readonly fallback: string | null;
  /** The default as people read it, in README and `--help`. */
  readonly shown: string;
  readonly unit: string;
  readonly description: string;
};

type About = { unit: string; description: string; shown?: string };

export function setting<Value>(
  name: string,
  schema: z.ZodType<Value, string>,
  fallback: string,
  about: About,
): Setting<Value> {
  return { name, schema, fallback, shown: fallback, ...about };
}

/** A setting that may be absent: then its value is null. */
export function optionalSetting<Value>(
  name: string,
  schema: z.ZodType<Value, string>,
  about: About,
): Setting<Value | null> {
  return { name, schema, fallback: null, shown: 'unset', ...about };
}

export type Reading<Value> = { ok: true; value: Value } | { ok: false; details: string[] };

/** Blank counts as unset: compose files and CI pass `NAME=` for "not given". */
export function readSetting<Value>(definition: Setting<Value>, given: string | undefined): Reading<Value | null> {
  const text = given?.trim() || definition.fallback;
  if (text === null) return { ok: true, value: null };
  const parsed = definition.schema.safeParse(text);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, details: [...new Set(parsed.error.issues.map((issue) => issue.message))] };
}
