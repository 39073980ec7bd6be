/** What a row of the conformance table is: a fault or a line of the seed, what it must lead to, and how that is tried. */
import type { World } from './world.ts';

export type Dialect = 'A' | 'B' | 'C';
export type CodeIn = 'body' | 'status';

export interface Combination {
  readonly dialect: Dialect;
  readonly codeIn: CodeIn;
}

export interface Row {
  readonly what: string;
  /** Line of the seed ("seed: …"), rule of the upstream ("upstream: …") or section of the design ("design §4 (5)"). */
  readonly rule: string;
  /** Settings of a service of its own. A row whose fault strikes the whole account needs one, too: `{}`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of a sandbox of its own. */
  readonly sandbox?: Readonly<Record<string, unknown>>;
  /** Neither dialect nor place of the code can make a difference, and it takes long: first combination alone. */
  readonly once?: true;
  /** Measures when calls come: runs while little else does. */
  readonly quiet?: true;
  /** A caller's retry, or a refusal within the stream, sends an instruction again that was not applied. */
  readonly mayRepeat?: true;
  /** Why it cannot be tried here; counted as skipped. */
  readonly skip?: string;
  /** Returns what was seen; throws where that is wrong. */
  readonly run: (world: World) => Promise<string>;
}

/** What was seen is not what the rule asks for. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Violation(otherwise);
}

export function same<T>(seen: T, expected: T, what: string): void {
  const [left, right] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (left !== right) throw new Violation(`${what}: ${left} instead of ${right}`);
}
