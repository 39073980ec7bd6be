/** Why an embedded Redis could not be opened. Callers switch on `code`; the message tells people the way out. */

export type EmbeddedRedisFault = 'no_server_found' | 'data_dir_in_use' | 'data_of_newer_redis' | 'start_failed';

export class EmbeddedRedisError extends Error {
  override readonly name = 'EmbeddedRedisError';
  readonly code: EmbeddedRedisFault;

  constructor(code: EmbeddedRedisFault, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
