/** Thrown where a connection to an address that is not allowed was asked for. */
export class GuardError extends Error {
  override readonly name = 'GuardError';
  readonly code = 'private_host';

  constructor(host: string) {
    super(`${host} is not a public address`);
  }
}
