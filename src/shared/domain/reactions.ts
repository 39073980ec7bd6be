/**
 * The error table: what each fault of the upstream means for a file, for its account and for a repeat of the call.
 * One row a fault code; every consumer switches on the row, never on text or numbers.
 */
import type { ErrorCode } from './error-codes.ts';

export type Reaction =
  /** Wait out the account's pause, then repeat. Counts only while others of the account go through. */
  | 'wait-out-limit'
  /** Repeat with a back-off; the upstream or the way to it is in trouble. */
  | 'back-off'
  /** The file starts again from upload in a new session. */
  | 'new-session'
  /** Not a failure of the file: park it until credits or a token are there. */
  | 'park'
  /** A verdict on this file. */
  | 'fail'
  /** Our own doing (cancel, shutdown): nothing is learned about the file. */
  | 'none';

export interface ReactionRow {
  readonly reaction: Reaction;
  /** The file's error code when the reaction ends in failure. */
  readonly error: ErrorCode;
  /** `call`: BullMQ may repeat the call at once. `file`: the domain plans another run. `never`. */
  readonly retry: 'call' | 'file' | 'never';
  /** A verdict on the call: it counts against the file whoever else succeeds (design §5 "Whose fault"). */
  readonly verdict: boolean;
}

const row = (reaction: Reaction, error: ErrorCode, retry: ReactionRow['retry'], verdict = false): ReactionRow => ({
  reaction,
  error,
  retry,
  verdict: verdict || reaction === 'fail',
});

const rows: Readonly<Record<string, ReactionRow>> = {
  token_invalid: row('park', 'token_invalid', 'never'), // 1001, after the one renewal did not help
  session_missing: row('new-session', 'session_lost', 'file'), // 1002
  out_of_credits: row('park', 'out_of_credits', 'never'), // 2001
  unsupported_file_type: row('fail', 'unsupported_file_type', 'never'), // 4001
  file_too_large: row('fail', 'file_too_large', 'never'), // 4002
  source_unreachable: row('fail', 'source_unreachable', 'never'),
  export_blocked: row('fail', 'export_blocked', 'never'), // 402: the plan, never credits
  forbidden: row('fail', 'forbidden', 'never'), // 403
  rate_limited: row('wait-out-limit', 'rate_limited', 'file'), // 429
  client_id_missing: row('back-off', 'upstream_unavailable', 'file'), // 400 on anonymous-token, after the repeat
  duplicate_render: row('none', 'render_failed', 'file'), // means "submitted": never reaches the table as a fault
  not_found: row('back-off', 'upstream_unavailable', 'file'),
  session_unconfirmed: row('back-off', 'upstream_unavailable', 'file'), // a 404 that a second read did not confirm
  rejected: row('back-off', 'upstream_unavailable', 'file', true), // a code nobody has named: the same call may pass later
  server_error: row('back-off', 'upstream_unavailable', 'call'),
  connect_failed: row('back-off', 'upstream_unavailable', 'call'),
  connection_lost: row('back-off', 'upstream_unavailable', 'call'),
  timed_out: row('back-off', 'upstream_unavailable', 'call'),
  destination_failed: row('back-off', 'delivery_failed', 'call', true), // the caller's, not the upstream's
  aborted: row('none', 'upstream_unavailable', 'never'),
};

/** A code that the table does not know is treated as trouble on the way, never as a verdict on the file. */
export function reactionTo(code: string): ReactionRow {
  return (Object.hasOwn(rows, code) ? rows[code] : undefined) ?? row('back-off', 'upstream_unavailable', 'file');
}

export const faultCodes: readonly string[] = Object.keys(rows);
