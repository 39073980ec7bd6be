/** Settings of the work at the NemoVideo upstream: credentials, pace, and the waits of a turn and a render. */
import { optionalSetting, setting } from './setting.ts';
import { baseUrl, durationMs, headerValue, integer, oneOf } from './setting-kinds.ts';

export const upstreamSettings = {
  nemoApiUrl: setting('NEMO_API_URL', baseUrl, 'https://mega-api-prod.nemovideo.ai', {
    unit: 'URL',
    description: 'Base of the NemoVideo API, or of the sandbox.',
  }),
  nemoWebUrl: setting('NEMO_WEB_URL', baseUrl, 'https://nemovideo.ai', {
    unit: 'URL',
    description: 'Base of the NemoVideo web pages that people are sent to.',
  }),
  nemoToken: optionalSetting('NEMO_TOKEN', headerValue, {
    unit: 'secret',
    description: 'Token of a registered account; unset: an anonymous starter token (100 credits, 7 days).',
  }),
  nemoClientId: optionalSetting('NEMO_CLIENT_ID', headerValue, {
    unit: 'text',
    description: 'Client id of the anonymous account; unset: one is made once and kept in Redis.',
  }),
  nemoTokenFallback: setting('NEMO_TOKEN_FALLBACK', oneOf(['anonymous', 'fail']), 'anonymous', {
    unit: 'word',
    description:
      'What a dead NEMO_TOKEN leads to: anonymous goes on without it, fail (for production) parks the files.',
  }),
  skillSource: optionalSetting('SKILL_SOURCE', headerValue, {
    unit: 'text',
    description: 'Value of X-Skill-Platform; unset: detected from the install path.',
  }),
  maxInFlight: setting('MAX_IN_FLIGHT', integer(1), '200', {
    unit: 'files',
    description: 'Where the window of files in flight per account starts.',
  }),
  uploadConcurrency: setting('UPLOAD_CONCURRENCY', integer(1), '8', {
    unit: 'files',
    description: 'Uploads at a time, and admitted files that may wait for their first upload.',
  }),
  // 30 s, once more (seed); more attempts here, as a whole fleet shares the back-off.
  rateLimitWaitMs: setting('RATE_LIMIT_WAIT_MS', durationMs, '30000', {
    unit: 'ms',
    description: 'Pause of an account after a 429 without a longer Retry-After.',
  }),
  rateLimitAttempts: setting('RATE_LIMIT_ATTEMPTS', integer(1), '6', {
    unit: 'attempts',
    description: 'Refusals of one step by 429 before its file is given up (rate_limited).',
  }),
  // 15 min for a turn (seed), 10 min of heartbeats alone (upstream rule 4).
  editTimeoutMs: setting('EDIT_TIMEOUT_MS', durationMs, '900000', {
    unit: 'ms',
    description: 'Longest stream of one turn.',
  }),
  editIdleMs: setting('EDIT_IDLE_MS', durationMs, '600000', {
    unit: 'ms',
    description: 'Longest stretch of a stream with heartbeats alone; not above EDIT_TIMEOUT_MS.',
  }),
  editSettleMs: setting('EDIT_SETTLE_MS', durationMs, '2000', {
    unit: 'ms',
    description: 'Time between the two equal reads that settle a turn.',
  }),
  // 30 s, then 60 s, five reads (upstream rule 3).
  editRecheckFirstMs: setting('EDIT_RECHECK_FIRST_MS', durationMs, '30000', {
    unit: 'ms',
    description: 'Wait before the first look at a turn of unknown outcome.',
  }),
  editRecheckMs: setting('EDIT_RECHECK_MS', durationMs, '60000', {
    unit: 'ms',
    description: 'Wait between later looks.',
  }),
  editRechecks: setting('EDIT_RECHECKS', integer(1), '5', {
    unit: 'reads',
    description: 'Unchanged reads before a turn counts as not applied or unconfirmed.',
  }),
  upstreamGiveUpMs: setting('UPSTREAM_GIVE_UP_MS', durationMs, '1800000', {
    unit: 'ms',
    description: 'Time that counted attempts must span before a file fails with upstream_unavailable.',
  }),
  // Every 30 s (seed), at most 10 an attempt (vendor); a render takes 30 to 90 s.
  renderPollMs: setting('RENDER_POLL_MS', durationMs, '30000', {
    unit: 'ms',
    description: 'Time between two polls of a render.',
  }),
  renderMaxPolls: setting('RENDER_MAX_POLLS', integer(1), '10', {
    unit: 'polls',
    description: 'Successful polls of one render before render_timeout.',
  }),
  creditsRecheckMs: setting('CREDITS_RECHECK_MS', durationMs, '60000', {
    unit: 'ms',
    description: 'How often a blocked account is looked at again.',
  }),
} as const;
