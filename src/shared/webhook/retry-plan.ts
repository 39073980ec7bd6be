/** What follows an attempt: pure, by the schedule WEBHOOK_RETRY_MS and what the receiver said. */

/** A receiver that asks for more is asked again after a day all the same. */
export const maxRetryAfterMs = 86_400_000;

export interface AttemptOutcome {
  /** Null: no answer. */
  readonly status: number | null;
  readonly retryAfterMs: number | null;
}

export type RetryPlan =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly delayMs: number }
  /** 410: the receiver wants nothing more of this batch. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed' };

/**
 * `attempt` counts from 1 and is the one that was just made. `retryMs` holds the delay before each attempt, the first
 * before the first, so its length is how many are made. A redirect is a failure: following it would leave the URL that
 * the caller named.
 */
export function planRetry(attempt: number, retryMs: readonly number[], outcome: AttemptOutcome): RetryPlan {
  const { status, retryAfterMs } = outcome;
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  const delayMs = retryMs[attempt];
  if (delayMs === undefined) return { kind: 'failed' };
  return { kind: 'again', delayMs: Math.max(delayMs, Math.min(retryAfterMs ?? 0, maxRetryAfterMs)) };
}
