/** Nobody answered: refused, reset, timed out, or cut before the answer was complete. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`The service at ${url} cannot be reached.`, { cause });
    this.url = url;
  }
}
