/** The only reader of the process's environment. It judges nothing: see config.ts for that. */
import { resolve } from 'node:path';
import { cwd, env } from 'node:process';
import { readKeys } from '../keyring.ts';
import { ConfigError } from './config-error.ts';
import { readConfig, type Config, type Environment } from './config.ts';

export function readEnvironment(): Environment {
  return { ...env };
}

/** The Config of this process; throws ConfigError with every problem, where `withKeys` those of API_KEYS_FILE, too. */
export async function readProcessConfig({ withKeys }: { withKeys: boolean }): Promise<Config> {
  const environment = readEnvironment();
  try {
    return readConfig(environment, cwd());
  } catch (error) {
    const path = environment['API_KEYS_FILE']?.trim() ?? '';
    if (!(error instanceof ConfigError) || !withKeys || path === '') throw error;
    const { problems } = await readKeys({ apiKeys: [], apiKeysFile: resolve(cwd(), path) });
    throw new ConfigError([...error.problems, ...problems]);
  }
}
