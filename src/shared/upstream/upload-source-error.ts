/** The bytes to upload could not be read, or were not as many as announced: no fault of the upstream. */
export class UploadSourceError extends Error {
  override readonly name = 'UploadSourceError';
  readonly code: 'read_failed' | 'length_mismatch';

  constructor(code: UploadSourceError['code'], cause?: unknown) {
    super(code === 'read_failed' ? 'the source could not be read' : 'the source is not as long as announced', {
      cause,
    });
    this.code = code;
  }
}
