/** Thrown where a request is refused. Its code is the contract; what it says may be sent out, so it names no secret. */
import type { ProblemError } from './problem.schema.ts';

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly ProblemError[];
  readonly headers?: Readonly<Record<string, string>>;
}

export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  /** Fastify reads it, where it wraps an error of ours. */
  readonly statusCode: number;
  readonly code: string;
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.detail, options);
    this.statusCode = refusal.status;
    this.code = refusal.code;
    this.refusal = refusal;
  }
}

export const notFound = (what: string): RefusedError =>
  new RefusedError({ status: 404, code: 'not_found', detail: `There is no such ${what}.` });

export const conflict = (code: string, detail: string): RefusedError => new RefusedError({ status: 409, code, detail });

export function invalid(errors: readonly ProblemError[]): RefusedError {
  const detail = errors.length === 1 ? (errors[0]?.detail ?? '') : `The request has ${errors.length} problems.`;
  return new RefusedError({ status: 422, code: 'validation_failed', detail, errors });
}
