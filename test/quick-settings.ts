/** The service's settings in tests: everything that waits does so briefly, and private addresses are allowed. */
export const quick = {
  PORT: '0',
  EDIT_SETTLE_MS: '50',
  EDIT_RECHECK_FIRST_MS: '200',
  EDIT_RECHECK_MS: '200',
  EDIT_TIMEOUT_MS: '20000',
  EDIT_IDLE_MS: '20000',
  RENDER_POLL_MS: '100',
  RENDER_MAX_POLLS: '100',
  SWEEP_MS: '500',
  LOCK_MS: '2000',
  STALL_CHECK_MS: '500',
  DRAIN_MS: '3000',
  CREDITS_RECHECK_MS: '500',
  RATE_LIMIT_WAIT_MS: '500',
  SOURCE_ALLOW_PRIVATE: 'true',
  WEBHOOK_ALLOW_PRIVATE: 'true',
};
