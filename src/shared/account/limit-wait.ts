/** How long a 429 pauses the account: RATE_LIMIT_WAIT_MS, or Retry-After when longer, up to 15 min (design §5). */
import { maxRateLimitWaitMs, type Policy } from '../domain/policy.ts';
import type { UpstreamFault } from '../upstream/types.ts';

export const limitWaitMs = (policy: Policy, fault: Pick<UpstreamFault, 'retryAfterMs'>): number =>
  Math.min(maxRateLimitWaitMs, Math.max(policy.rateLimitWaitMs, fault.retryAfterMs ?? 0));
