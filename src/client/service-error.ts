/** The service answered and refused. `code` is the contract (design §7); texts are for people and never branched on. */
import type { ProblemError } from '../api/problem.schema.ts';

/** The parts of problem+json (RFC 9457), and what the headers add. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** What the service's log has it under. */
  readonly requestId: string | null;
  /** Every problem of the request at once. */
  readonly errors: readonly ProblemError[];
  /** From Retry-After; null without one. */
  readonly retryAfterMs: number | null;
}

/** `message` is the problem's `detail`. */
export class ServiceError extends Error implements Refusal {
  override readonly name = 'ServiceError';
  readonly status: number;
  readonly code: string;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly errors: readonly ProblemError[];
  readonly retryAfterMs: number | null;

  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.detail, { cause });
    this.status = refusal.status;
    this.code = refusal.code;
    this.type = refusal.type;
    this.title = refusal.title;
    this.detail = refusal.detail;
    this.requestId = refusal.requestId;
    this.errors = refusal.errors;
    this.retryAfterMs = refusal.retryAfterMs;
  }
}
