/** The one error that a call to the upstream throws. Translators switch on `fault.code`, never on a message. */
import type { UpstreamFault } from './types.ts';

export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly fault: UpstreamFault;

  constructor(endpoint: string, fault: UpstreamFault, cause?: unknown) {
    super(`${endpoint}: ${fault.code}${fault.upstreamCode === null ? '' : ` (${fault.upstreamCode})`}`, { cause });
    this.fault = fault;
  }
}
