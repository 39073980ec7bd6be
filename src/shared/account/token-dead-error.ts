/** No token is to be had: NEMO_TOKEN may not be replaced (NEMO_TOKEN_FALLBACK=fail), or the weekly quota is used up. */
export class TokenDeadError extends Error {
  override readonly name = 'TokenDeadError';
  readonly code = 'token_invalid';
}
