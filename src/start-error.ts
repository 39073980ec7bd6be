/** The start cannot go on, and the message says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
