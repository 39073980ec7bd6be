/**
 * Turns an environment into a Config, or into one error that lists every problem. Pure: it reads no global and touches
 * no file. A value is never part of a message, as it may be a secret.
 */
import { join, resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { isLoopback } from './loopback.ts';
import { serviceSettings } from './service-settings.ts';
import { readSetting, type Setting } from './setting.ts';
import { telemetrySettings } from './telemetry-settings.ts';
import { upstreamSettings } from './upstream-settings.ts';
import { webhookSettings } from './webhook-settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const definitions = { ...serviceSettings, ...upstreamSettings, ...webhookSettings, ...telemetrySettings };
type Definitions = typeof definitions;
type Values = { readonly [Key in keyof Definitions]: Definitions[Key] extends Setting<infer Value> ? Value : never };

/** Paths are absolute, durations end in Ms, null stands for "none". */
export type Config = Omit<Values, 'uploadDir'> & { readonly uploadDir: string };

/** One row a setting, for README and tests to compare with. */
export type SettingRow = { name: string; default: string; unit: string; description: string };

export const settings: readonly SettingRow[] = Object.values(definitions).map(({ name, shown, unit, description }) => ({
  name,
  default: shown,
  unit,
  description,
}));

/** `directory` is what relative paths are relative to. */
export function readConfig(environment: Environment, directory: string): Config {
  const problems: ConfigProblem[] = [];
  const read: Record<string, unknown> = {};
  for (const [key, definition] of Object.entries<Setting<unknown>>(definitions)) {
    const reading = readSetting(definition, environment[definition.name]);
    if (reading.ok) read[key] = reading.value;
    else problems.push(...reading.details.map((detail) => ({ setting: definition.name, detail })));
  }
  // What could not be read is absent here, so a combination is judged only when both sides are sound.
  problems.push(...refusedCombinations(read));
  if (problems.length > 0) throw new ConfigError(problems);
  return withPaths(read as Values, directory);
}

/** The only combinations that are refused (design §7, §9). */
function refusedCombinations(values: Partial<Values>): ConfigProblem[] {
  const {
    stallCheckMs = 0,
    lockMs = Infinity,
    editIdleMs = 0,
    editTimeoutMs = Infinity,
    host,
    apiKeys,
    apiKeysFile,
  } = values;
  const problems: ConfigProblem[] = [];
  if (stallCheckMs > lockMs) problems.push({ setting: 'STALL_CHECK_MS', detail: 'must not be above LOCK_MS' });
  if (editIdleMs > editTimeoutMs)
    problems.push({ setting: 'EDIT_IDLE_MS', detail: 'must not be above EDIT_TIMEOUT_MS' });
  if (host !== undefined && apiKeys?.length === 0 && apiKeysFile === null && !isLoopback(host)) {
    const detail = 'must be a loopback address while neither API_KEYS nor API_KEYS_FILE is set';
    problems.push({ setting: 'HOST', detail });
  }
  return problems;
}

function withPaths(values: Values, directory: string): Config {
  const absolute = (path: string): string => resolve(directory, path);
  const dataDir = absolute(values.dataDir);
  return {
    ...values,
    dataDir,
    apiKeysFile: values.apiKeysFile === null ? null : absolute(values.apiKeysFile),
    uploadDir: values.uploadDir === null ? join(dataDir, 'uploads') : absolute(values.uploadDir),
    mediaRoot: values.mediaRoot === null ? null : absolute(values.mediaRoot),
    outputRoot: values.outputRoot === null ? null : absolute(values.outputRoot),
  };
}
