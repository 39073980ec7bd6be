/**
 * The API keys that are good now: those of API_KEYS and of API_KEYS_FILE, which is read again when asked to. A file that
 * has a fault changes nothing, so that a slip of the pen locks nobody out.
 */
import { readFile } from 'node:fs/promises';
import type { Config } from './config/config.ts';
import { hashKey, readKeysText, repeats, type HashedKey } from './config/api-keys-file.ts';
import { ConfigError, type ConfigProblem } from './config/config-error.ts';
import type { Log } from './log.ts';

export interface Keyring {
  /** The list of this moment: never changed in place, so a request that has begun with it may end with it. */
  readonly keys: () => readonly HashedKey[];
  /** False where neither setting is given: then only loopback is served. */
  readonly needsKey: boolean;
  /** Reads the file again; logs what came of it and never throws. */
  readonly reread: () => Promise<void>;
}

type Needs = Pick<Config, 'apiKeys' | 'apiKeysFile'>;

/** Throws ConfigError with every problem of the file. */
export async function openKeyring(config: Needs, log: Log): Promise<Keyring> {
  const first = await readKeys(config);
  if (first.problems.length > 0) throw new ConfigError(first.problems);
  let { keys } = first;
  const reread = async (): Promise<void> => {
    const next = await readKeys(config);
    if (next.problems.length > 0) {
      log.error(
        { problems: next.problems.map(({ detail }) => detail) },
        'API_KEYS_FILE is not taken; the old keys stay',
      );
      return;
    }
    log.info({ keys: next.keys.length, added: missingIn(keys, next.keys), removed: missingIn(next.keys, keys) }, 'API keys read again'); // prettier-ignore
    ({ keys } = next);
  };
  // One after the other: of two signals in a row the later reading wins.
  let last = Promise.resolve();
  return {
    keys: () => keys,
    needsKey: config.apiKeys.length > 0 || config.apiKeysFile !== null,
    reread: () => (last = last.then(reread)),
  };
}

/** Names, for the log, of keys that are in `after` and not in `before`. */
const missingIn = (before: readonly HashedKey[], after: readonly HashedKey[]): string[] =>
  after.filter(({ digest }) => !before.some((key) => key.digest.equals(digest))).map(({ name }) => name);

interface KeysReading {
  readonly keys: readonly HashedKey[];
  readonly problems: readonly ConfigProblem[];
}

/** What the file alone can tell is told of it, also where other settings are wrong. */
export async function readKeys({ apiKeys, apiKeysFile }: Needs): Promise<KeysReading> {
  const given = apiKeys.map(({ name, key, role }, at): HashedKey => ({
    name: `API_KEYS entry ${at + 1}`,
    tenant: name,
    role,
    digest: hashKey(key),
    expiresAtMs: null,
  }));
  if (apiKeysFile === null) return { keys: given, problems: [] };
  const text = await readText(apiKeysFile);
  if (text === null) return { keys: given, problems: [problem('cannot be read, or is no file')] };
  const filed = readKeysText(text);
  const twice = filed.keys.filter((key) => repeats(given, key).length > 0);
  const details = [...filed.problems, ...twice.map(({ name }) => `the key ${name} is in API_KEYS, too`)];
  return { keys: [...given, ...filed.keys], problems: details.map(problem) };
}

const problem = (detail: string): ConfigProblem => ({ setting: 'API_KEYS_FILE', detail });

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Missing, a folder, no right to it: the one thing to do is to look at the path.
    return null;
  }
}
