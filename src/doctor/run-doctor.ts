/**
 * Goes through what an installation needs and says of each whether it is there and what to do. It starts nothing and
 * changes nothing but a probe file that it removes.
 */
import { ConfigError } from '../shared/config/config-error.ts';
import { isLoopback } from '../shared/config/loopback.ts';
import { readConfig, type Config, type Environment } from '../shared/config/config.ts';
import { readKeys } from '../shared/keyring.ts';
import { createLog } from '../shared/log.ts';
import { fail, ok, warn, type Finding } from './finding.ts';
import { judgeClocks } from './judge-clocks.ts';
import { judgeWaits } from './judge-waits.ts';
import { lookAtFolders } from './look-at-folders.ts';
import { lookAtRedis } from './look-at-redis.ts';
import { lookAtUpstream } from './look-at-upstream.ts';

export interface DoctorOptions {
  readonly environment: Environment;
  /** What relative paths are relative to. */
  readonly directory: string;
  readonly now?: () => number;
  /** The sandbox's own need, told by whoever may know the sandbox; throws where it is not met. */
  readonly findFfmpeg?: () => string;
}

/** In the order in which things are mended: settings first. */
export async function runDoctor({
  environment,
  directory,
  now = Date.now,
  findFfmpeg,
}: DoctorOptions): Promise<Finding[]> {
  const config = readSettings(environment, directory);
  if (Array.isArray(config)) return config;
  const log = createLog({ level: 'silent' });
  const [redis, upstream, folders, keys] = await Promise.all([
    lookAtRedis({ config, environment, log, now }),
    lookAtUpstream(config, now),
    lookAtFolders(config),
    lookAtKeys(config),
  ]);
  return [
    ok('settings', 'every one can be read'),
    ...keys,
    ...judgeWaits(config),
    ...redis.findings,
    ...folders,
    ...upstream.findings,
    ...judgeClocks({ redisMs: redis.clockMs, upstreamMs: upstream.clockMs }),
    ...(findFfmpeg === undefined ? [] : [lookForFfmpeg(config, findFfmpeg)]),
  ];
}

/** While the settings are wrong nobody knows where to look further. */
function readSettings(environment: Environment, directory: string): Config | Finding[] {
  try {
    return readConfig(environment, directory);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'see Settings in the README; then look again';
    return error.problems.map(({ setting, detail }) => fail('settings', `${setting} ${detail}`, advice));
  }
}

async function lookAtKeys(config: Config): Promise<Finding[]> {
  const { keys, problems } = await readKeys(config);
  const findings = problems.map(({ detail }) => fail('keys', `API_KEYS_FILE: ${detail}`, 'mend the file'));
  if (findings.length > 0) return findings;
  return keys.length === 0
    ? [warn('keys', 'none: the API listens on this machine alone, and everybody on it is admin', 'set API_KEYS_FILE')]
    : [ok('keys', `${keys.length} of ${new Set(keys.map(({ tenant }) => tenant)).size} tenants`)];
}

/** The sandbox alone calls ffmpeg, and a sandbox is what answers on this machine. */
function lookForFfmpeg({ nemoApiUrl }: Config, findFfmpeg: () => string): Finding {
  if (!isLoopback(new URL(nemoApiUrl).hostname)) {
    return ok('ffmpeg', 'is not needed: the upstream is no sandbox of this machine');
  }
  try {
    return ok('ffmpeg', findFfmpeg());
  } catch {
    // It throws for one reason alone, and its text is the sandbox's.
    return fail('ffmpeg', 'the sandbox would find none', 'apt-get install ffmpeg, or set FFMPEG_PATH');
  }
}
