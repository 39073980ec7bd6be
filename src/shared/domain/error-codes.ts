/** The stable error codes of a file (design §7) and what each means to people. The code is the contract, the text is not. */

export const errorCodes = [
  'unsupported_file_type',
  'file_too_large',
  'source_unreachable',
  'out_of_credits',
  'export_blocked',
  'rate_limited',
  'token_invalid',
  'forbidden',
  'session_lost',
  'edit_not_applied',
  'edit_unconfirmed',
  'render_failed',
  'render_timeout',
  'nothing_to_render',
  'delivery_failed',
  'upstream_unavailable',
  'expired',
  'poisoned',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** `retryable`: a retry may end better without the caller changing anything about the file itself. */
interface ErrorMeaning {
  readonly message: string;
  readonly retryable: boolean;
}

export const errorMeanings: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  unsupported_file_type: {
    message: 'The file type is not accepted. Use mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a or aac.',
    retryable: false,
  },
  file_too_large: { message: 'The file is too large. Compress or trim it below 500 MB.', retryable: false },
  source_unreachable: {
    message: 'The source could not be fetched. Check that its URL serves the file.',
    retryable: true,
  },
  out_of_credits: { message: 'The account has no credits left. Top it up, then retry.', retryable: true },
  export_blocked: {
    message:
      'The plan does not allow exports (not a matter of credits). Change the plan, then retry: the edit is kept.',
    retryable: true,
  },
  rate_limited: { message: 'The upstream kept refusing this file for its rate limit. Retry later.', retryable: true },
  token_invalid: { message: 'The upstream does not accept the token, and no new one could be had.', retryable: true },
  forbidden: { message: 'The account may not do this.', retryable: false },
  session_lost: {
    message: 'The upstream lost the editing session again and again. A retry starts anew.',
    retryable: true,
  },
  edit_not_applied: {
    message: 'The instruction changed nothing. See the reply of the step; make the instruction more concrete.',
    retryable: true,
  },
  edit_unconfirmed: {
    message: 'It is not known whether the instruction was applied, so it was not sent again. A retry looks first.',
    retryable: true,
  },
  render_failed: { message: 'The upstream failed to render the video twice.', retryable: true },
  render_timeout: { message: 'The render did not end in time. A retry looks for its result first.', retryable: true },
  nothing_to_render: { message: 'The timeline is empty: there is nothing to render.', retryable: false },
  delivery_failed: {
    message: 'The output is ready but could not be put to its destination. Retry with a fresh destination URL.',
    retryable: true,
  },
  upstream_unavailable: {
    message: 'The upstream did not answer this file for a long time. Retry later.',
    retryable: true,
  },
  expired: {
    message: 'The file, or its upload, outlived its retention. A retry goes on where the file stood.',
    retryable: true,
  },
  poisoned: { message: 'Working on this file ended the worker five times in a row.', retryable: true },
};
