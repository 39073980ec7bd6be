/** Which settings are secrets: the log blanks their text out wherever it turns up. */
import type { Config } from './config.ts';

export function secretsOf(config: Config): string[] {
  const redisPassword =
    config.redisUrl !== null && URL.canParse(config.redisUrl) ? new URL(config.redisUrl).password : '';
  const secrets = [...config.apiKeys.map(({ key }) => key), config.nemoToken, config.nemoClientId, redisPassword];
  return secrets.filter((secret): secret is string => secret !== null && secret !== '');
}
