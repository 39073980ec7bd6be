/** What a scenario of `npm run chaos` is. Each lives in a file of its own and is listed in scenarios.ts. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export interface ScenarioOptions {
  /** What `--only` says, where it names something inside the scenario (a boundary); else null. */
  readonly only: string | null;
  /** What `--deaths` says: some of kill, stop, term; all; or some, the selection that is run without it. */
  readonly deaths: string;
  readonly kills: number;
  readonly seed: number;
}

export interface Scenario {
  readonly name: string;
  /** What else `--only` may find it by. */
  readonly parts?: readonly string[];
  /** Prints its rows as they come, opens and closes all that it needs, and says how many rows held. */
  readonly run: (options: ScenarioOptions) => Promise<Tally>;
}
