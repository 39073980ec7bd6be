/** No token is to be had: NEMO_TOKEN is dead and may not be replaced, or the upstream grants no anonymous one. */
export class TokenDeadError extends Error {
  override readonly name = 'TokenDeadError';
  readonly code = 'token_invalid';

  constructor(why: string, cause?: unknown) {
    super(`${why}: set NEMO_TOKEN to a live token`, { cause });
  }
}
