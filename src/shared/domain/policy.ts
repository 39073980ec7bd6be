/** The figures that `decide` works by, all in ms where they say so. Set from the environment once, passed in, never read. */

export interface Policy {
  readonly rateLimitWaitMs: number;
  readonly rateLimitAttempts: number;
  readonly editTimeoutMs: number;
  readonly editSettleMs: number;
  readonly editRecheckFirstMs: number;
  readonly editRecheckMs: number;
  readonly editRechecks: number;
  readonly upstreamGiveUpMs: number;
  readonly renderPollMs: number;
  readonly renderMaxPolls: number;
}

/** A session lost more often than this ends the file (design §4). */
export const maxRestarts = 3;
/** The crash that poisons: the fifth without an outcome in between. */
export const maxCrashes = 5;
/** The longest back-off between two calls into an outage. */
export const maxBackoffMs = 300_000;
/** A wait that the upstream asks for is believed up to here. */
export const maxRateLimitWaitMs = 900_000;
/** No state plans a wait beyond this: a due time further off was written before the clock was set back. */
export const longestWaitMs = (policy: Policy): number =>
  Math.max(
    Math.max(maxRateLimitWaitMs, policy.rateLimitWaitMs) + policy.rateLimitWaitMs,
    maxBackoffMs,
    policy.editSettleMs,
    policy.editRecheckFirstMs,
    policy.editRecheckMs,
    policy.renderPollMs,
  );
/** How long until something is due; 0: now. A clock that was set back must not add its jump to the wait. */
export const waitMs = (due: number, now: number, policy: Policy): number =>
  due <= now || due - now > longestWaitMs(policy) ? 0 : due - now;
/** What a session costs, until the balance says better (VENDOR: "about 50"). */
export const sessionCredits = 50;
/** A stored reply is cut here (design §7: "reply ≤ 2 KB"). */
export const maxReplyBytes = 2048;
