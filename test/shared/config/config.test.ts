import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../src/shared/config/config-error.ts';
import { readConfig, settings, type Environment } from '../../../src/shared/config/config.ts';
import { isLoopback } from '../../../src/shared/config/loopback.ts';

const read = (environment: Environment) => readConfig(environment, '/srv/app');

function problemsOf(environment: Environment): string[] {
  try {
    read(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ setting }) => setting);
  }
  return [];
}

test('starts on an empty environment with the documented defaults', () => {
  const { apiWeights, ...config } = read({});
  assert.equal(apiWeights.size, 0);
  assert.deepEqual(config, {
    port: 3000,
    host: '127.0.0.1',
    publicUrl: null,
    redisUrl: null,
    redisPrefix: 'batch-video',
    dataDir: '/srv/app/.data',
    apiKeys: [],
    apiKeysFile: null,
    apiCorsOrigins: [],
    apiRateLimit: null,
    logLevel: 'info',
    workerPort: null,
    lockMs: 30_000,
    stallCheckMs: 5_000,
    drainMs: 25_000,
    nemoApiUrl: 'https://mega-api-prod.nemovideo.ai',
    nemoWebUrl: 'https://nemovideo.ai',
    nemoToken: null,
    nemoClientId: null,
    nemoTokenFallback: 'anonymous',
    skillSource: null,
    maxInFlight: 200,
    maxWaitingFiles: 1_000_000,
    uploadConcurrency: 8,
    mediaRoot: null,
    otelServiceName: 'batch-video',
    otlpEndpoint: null,
    outputRoot: null,
    uploadDir: '/srv/app/.data/uploads',
    maxFileBytes: 524_288_000,
    maxFilesPerBatch: 50_000,
    rateLimitWaitMs: 30_000,
    rateLimitAttempts: 6,
    editTimeoutMs: 900_000,
    editIdleMs: 600_000,
    editSettleMs: 2_000,
    editRecheckFirstMs: 30_000,
    editRecheckMs: 60_000,
    editRechecks: 5,
    upstreamGiveUpMs: 1_800_000,
    renderPollMs: 30_000,
    renderMaxPolls: 10,
    creditsRecheckMs: 60_000,
    sweepMs: 15_000,
    webhookRetryMs: [0, 5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000],
    webhookTimeoutMs: 15_000,
    webhookAllowPrivate: false,
    sourceAllowPrivate: false,
    retentionDays: 7,
  });
});

test('refuses every duration below 50 ms and takes 50', () => {
  const durations = settings
    .map(({ name }) => name)
    .filter((name) => name.endsWith('_MS') && name !== 'WEBHOOK_RETRY_MS');
  assert.equal(durations.length, 14);
  const all = (value: string) => Object.fromEntries(durations.map((name) => [name, value]));
  assert.deepEqual(problemsOf(all('49')).toSorted(), durations.toSorted());
  assert.deepEqual(problemsOf(all('50')), []);
});

test('counts a wait beyond the longest timer as the longest timer', () => {
  assert.equal(read({ UPSTREAM_GIVE_UP_MS: '9999999999' }).upstreamGiveUpMs, 2_147_483_647);
});

test('takes webhook delays from 0 and refuses anything else', () => {
  assert.deepEqual(read({ WEBHOOK_RETRY_MS: '0, 1,70000' }).webhookRetryMs, [0, 1, 70_000]);
  for (const bad of ['-1', '5,', 'x', '1.5'])
    assert.deepEqual(problemsOf({ WEBHOOK_RETRY_MS: bad }), ['WEBHOOK_RETRY_MS']);
});

test('refuses exactly the two combinations of waits', () => {
  assert.deepEqual(problemsOf({ STALL_CHECK_MS: '30001' }), ['STALL_CHECK_MS']);
  assert.deepEqual(problemsOf({ STALL_CHECK_MS: '30000' }), []);
  assert.deepEqual(problemsOf({ EDIT_IDLE_MS: '900001' }), ['EDIT_IDLE_MS']);
  assert.deepEqual(problemsOf({ EDIT_IDLE_MS: '900000', EDIT_SETTLE_MS: '999999', DRAIN_MS: '1' + '0'.repeat(6) }), []);
});

test('reads keys with roles, and one tenant under several keys', () => {
  assert.deepEqual(read({ API_KEYS: 'shop:k1, shop:k2:viewer,ops:k=3/+:admin,', HOST: '0.0.0.0' }).apiKeys, [
    { name: 'shop', key: 'k1', role: 'operator' },
    { name: 'shop', key: 'k2', role: 'viewer' },
    { name: 'ops', key: 'k=3/+', role: 'admin' },
  ]);
});

test('listens beyond loopback only with keys', () => {
  assert.deepEqual(problemsOf({ HOST: '0.0.0.0' }), ['HOST']);
  assert.deepEqual(problemsOf({ HOST: '::', API_KEYS: 'a:b' }), []);
  assert.deepEqual(problemsOf({ API_KEYS: ',' }), ['API_KEYS']);
});

test('tells loopback from what only looks like it', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]', '::ffff:127.0.0.1']) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example.com', '0x7f.1', '127.1']) {
    assert.ok(!isLoopback(host), host);
  }
});

test('takes every documented form of REDIS_URL', () => {
  const urls = ['redis://h', 'redis://u:p@h:6379/2', 'rediss://h:6380', '/run/r.sock', 'unix:///run/r.sock'];
  for (const url of [...urls, 'redis+sentinel://a,b/m', 'rediss+cluster://a,b']) {
    assert.equal(read({ REDIS_URL: url }).redisUrl, url);
  }
  for (const url of ['localhost:6379', 'http://h', 'redis://', 'unix://', 'redis://h/x']) {
    assert.deepEqual(problemsOf({ REDIS_URL: url }), ['REDIS_URL'], url);
  }
});

test('keeps no trailing slash of a base URL', () => {
  const config = read({ NEMO_API_URL: 'http://127.0.0.1:9/', PUBLIC_URL: 'https://x.example/base//' });
  assert.equal(config.nemoApiUrl, 'http://127.0.0.1:9');
  assert.equal(config.publicUrl, 'https://x.example/base');
});

test('takes blank as unset, and weights with a default of none', () => {
  const config = read({ REDIS_URL: ' ', PORT: '', API_WEIGHTS: 'shop:3, ops:1' });
  assert.equal(config.redisUrl, null);
  assert.equal(config.port, 3000);
  assert.deepEqual(
    [...config.apiWeights],
    [
      ['shop', 3],
      ['ops', 1],
    ],
  );
});

test('names every problem at once and prints no value', () => {
  const secret = 's3cr3t-value';
  const environment = {
    PORT: secret,
    HOST: `bad host ${secret}`,
    REDIS_URL: `http://user:${secret}@h`,
    API_KEYS: `${secret},a:${secret}:boss,b:${secret}:viewer,c:${secret},d:e:f:${secret}`,
    API_WEIGHTS: `a:${secret}`,
    NEMO_TOKEN: `with blank ${secret}`,
    NEMO_API_URL: `ftp://${secret}`,
    LOG_LEVEL: secret,
    WEBHOOK_ALLOW_PRIVATE: secret,
    RETENTION_DAYS: '0',
    LOCK_MS: '49',
  };
  assert.throws(
    () => read(environment),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        [...new Set(error.problems.map(({ setting }) => setting))].toSorted(),
        Object.keys(environment).toSorted(),
      );
      assert.equal(error.problems.filter(({ setting }) => setting === 'API_KEYS').length, 4);
      assert.ok(!JSON.stringify([error.message, error.problems]).includes(secret));
      assert.match(error.message, /^The environment has \d+ problems:\n {2}\w/);
      return true;
    },
  );
});
