/** Settings of the service itself: where it listens, who may call, where data lies, how processes take over. */
import { apiKeys, apiWeights } from './api-keys.ts';
import { optionalSetting, setting } from './setting.ts';
import {
  baseUrl,
  durationMs,
  flag,
  folder,
  hostName,
  integer,
  keyPrefix,
  oneOf,
  origins,
  positiveNumber,
  redisUrl,
} from './setting-kinds.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export const serviceSettings = {
  port: setting('PORT', integer(0, 65535), '3000', {
    unit: 'TCP port',
    description: 'Port of the API; 0 takes any free one.',
  }),
  host: setting('HOST', hostName, '127.0.0.1', {
    unit: 'address',
    description: 'Address to listen on; one beyond loopback needs API_KEYS or API_KEYS_FILE.',
  }),
  publicUrl: optionalSetting('PUBLIC_URL', baseUrl, {
    unit: 'URL',
    description: 'Base of results_url, links and our own output.url; unset: paths such as /batches/….',
  }),
  redisUrl: optionalSetting('REDIS_URL', redisUrl, {
    unit: 'URL',
    description:
      'redis[s]://, redis[s]+sentinel://, redis[s]+cluster://, unix:///path or a socket path; unset: an embedded Redis in DATA_DIR.',
  }),
  redisPrefix: setting('REDIS_PREFIX', keyPrefix, 'batch-video', {
    unit: 'text',
    description: 'Hash tag of every key, so that several services can share one Redis.',
  }),
  dataDir: setting('DATA_DIR', folder, '.data', {
    unit: 'folder',
    description: 'Data of the embedded Redis and, by default, the uploads.',
  }),
  apiKeys: setting('API_KEYS', apiKeys, '', {
    unit: 'list',
    shown: 'unset',
    description: 'name:key[:viewer|operator|admin],… The name is the tenant; unset: no key, loopback only.',
  }),
  apiKeysFile: optionalSetting('API_KEYS_FILE', folder, {
    unit: 'path',
    description: 'File of hashed keys, beside or instead of API_KEYS; read again on SIGHUP.',
  }),
  apiWeights: setting('API_WEIGHTS', apiWeights, '', {
    unit: 'list',
    shown: 'unset',
    description: 'name:weight,… Share of a tenant in admission, 1 to 1000; a tenant that is not listed has 1.',
  }),
  apiRateLimit: optionalSetting('API_RATE_LIMIT', integer(1), {
    unit: 'requests/minute',
    description: 'Requests a minute that one API key may make; unset: no limit.',
  }),
  apiCorsOrigins: setting('API_CORS_ORIGINS', origins, '', {
    unit: 'list',
    shown: 'unset',
    description: 'Origins of web pages that may call the API (https://app.example,…), or *; unset: none.',
  }),
  logLevel: setting('LOG_LEVEL', oneOf(logLevels), 'info', {
    unit: 'word',
    description: `Least level that is logged: ${logLevels.join(', ')}.`,
  }),
  workerPort: optionalSetting('WORKER_PORT', integer(0, 65535), {
    unit: 'TCP port',
    description: 'Port for /healthz, /readyz and /metrics of a worker process; unset: none.',
  }),
  // A turn may only be POSTed within half of it, so this also bounds how old the right to send may be.
  lockMs: setting('LOCK_MS', durationMs, '30000', {
    unit: 'ms',
    description: 'How long a silent worker keeps a step before another takes it over.',
  }),
  stallCheckMs: setting('STALL_CHECK_MS', durationMs, '5000', {
    unit: 'ms',
    description: 'How often steps of dead workers are looked for; not above LOCK_MS.',
  }),
  drainMs: setting('DRAIN_MS', durationMs, '25000', {
    unit: 'ms',
    description: 'How long open streams may go on after SIGTERM before they are handed over.',
  }),
  sweepMs: setting('SWEEP_MS', durationMs, '15000', {
    unit: 'ms',
    description: 'How often records are compared with what is in flight, and repaired.',
  }),
  mediaRoot: optionalSetting('MEDIA_ROOT', folder, {
    unit: 'folder',
    description: 'The only folder that {path} sources may lie in; unset: no {path} sources.',
  }),
  outputRoot: optionalSetting('OUTPUT_ROOT', folder, {
    unit: 'folder',
    description: 'The only folder that outputs may be written to; unset: none.',
  }),
  uploadDir: optionalSetting('UPLOAD_DIR', folder, {
    unit: 'folder',
    shown: 'DATA_DIR/uploads',
    description: 'Uploaded files; a volume that API and workers share.',
  }),
  // 500 MB is the upstream's own limit (seed): more is refused there with 4002.
  maxFileBytes: setting('MAX_FILE_BYTES', integer(1), '524288000', {
    unit: 'bytes',
    description: 'Largest file that is taken.',
  }),
  maxFilesPerBatch: setting('MAX_FILES_PER_BATCH', integer(1), '50000', {
    unit: 'files',
    description: 'Most files in one batch.',
  }),
  // A waiting file takes about 1 KB of Redis, which refuses writes (noeviction) once it is full: for every tenant.
  maxWaitingFiles: setting('MAX_WAITING_FILES', integer(1), '1000000', {
    unit: 'files',
    description: 'Most files of one tenant that wait to be admitted; a batch beyond it is refused with 429.',
  }),
  retentionDays: setting('RETENTION_DAYS', positiveNumber, '7', {
    unit: 'days',
    description: 'How long a finished batch and its uploads are kept; fractions are allowed.',
  }),
  sourceAllowPrivate: setting('SOURCE_ALLOW_PRIVATE', flag, 'false', {
    unit: 'true/false',
    description: 'Allow sources, assets and destinations on private addresses.',
  }),
} as const;
