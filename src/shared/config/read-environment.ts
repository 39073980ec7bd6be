/** The only reader of the process's environment. It judges nothing: see config.ts for that. */
import { cwd, env } from 'node:process';
import { readConfig, type Config, type Environment } from './config.ts';

export function readEnvironment(): Environment {
  return { ...env };
}

/** The Config of this process; throws ConfigError with every problem. */
export function readProcessConfig(): Config {
  return readConfig(readEnvironment(), cwd());
}
