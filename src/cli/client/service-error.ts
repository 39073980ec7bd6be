/** The service answered and refused. `code` is the contract (design §7); texts are for people and never branched on. */
import type { ProblemError } from '../../api/problem.schema.ts';

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly ProblemError[];
  /** From Retry-After; null without one. */
  readonly retryAfterMs: number | null;
}

export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly status: number;
  readonly code: string;
  readonly errors: readonly ProblemError[];
  readonly retryAfterMs: number | null;

  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.detail, { cause });
    this.status = refusal.status;
    this.code = refusal.code;
    this.errors = refusal.errors;
    this.retryAfterMs = refusal.retryAfterMs;
  }
}
