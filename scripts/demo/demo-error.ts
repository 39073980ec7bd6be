/** The demo cannot go on; the message is one sentence that says why and where to look. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
