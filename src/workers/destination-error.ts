/** The caller's destination does not take the output. It is not the upstream: this says nothing about the account. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly code = 'destination_failed';
}
