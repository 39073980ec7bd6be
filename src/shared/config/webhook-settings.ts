/** Settings of webhook deliveries. */
import { setting } from './setting.ts';
import { delaysMs, durationMs, flag } from './setting-kinds.ts';

export const webhookSettings = {
  // 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h: the schedule that Standard Webhooks recommends.
  webhookRetryMs: setting('WEBHOOK_RETRY_MS', delaysMs, '0,5000,300000,1800000,7200000,18000000,36000000,36000000', {
    unit: 'ms, list',
    description: 'Delay before each attempt, the first before the first attempt.',
  }),
  webhookTimeoutMs: setting('WEBHOOK_TIMEOUT_MS', durationMs, '15000', {
    unit: 'ms',
    description: 'Time that a receiver has to answer.',
  }),
  webhookAllowPrivate: setting('WEBHOOK_ALLOW_PRIVATE', flag, 'false', {
    unit: 'true/false',
    description: 'Allow webhook URLs on private, loopback and link-local addresses.',
  }),
} as const;
