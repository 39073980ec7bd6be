/** The one error of a wrong environment: every problem at once. It must never carry a value, only names and rules. */

export type ConfigProblem = { readonly setting: string; readonly detail: string };

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ setting, detail }) => `  ${setting}: ${detail}`);
    super(`The environment has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
