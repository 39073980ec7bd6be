/** Which faults of the upstream account for which end of a file (upstream rules, design §4): any other end is a lie. */
import type { ErrorCode } from '../../src/shared/domain/error-codes.ts';
import type { Endpoint, FaultName } from '../../src/sandbox/fault-table.ts';

/** `at`: only there; everywhere that the fault can strike otherwise. */
interface Cause {
  readonly faults: readonly FaultName[];
  readonly at?: readonly Endpoint[];
}

/** The session is gone, or an answer says so and the second look could not disprove it. */
const lost: Cause = { faults: ['session-missing', 'session-forgotten', 'session-vanishes', 'json-404', 'html-404'] };
/** A turn whose outcome nobody has told. */
const untold: Cause = {
  faults: [
    'bad-gateway',
    'server-error',
    'connection-reset',
    'reply-lost',
    'html-404',
    'json-404',
    'sse-cut-never-applied',
    'heartbeats-only',
    'stream-stall',
    'stream-error',
    'session-vanishes',
  ],
  at: ['run_sse'],
};

const causes: Readonly<Partial<Record<ErrorCode, readonly Cause[]>>> = {
  unsupported_file_type: [{ faults: ['unsupported-file-type'] }],
  file_too_large: [{ faults: ['file-too-large', 'bare-413'] }],
  export_blocked: [{ faults: ['export-blocked'] }],
  forbidden: [{ faults: ['forbidden'] }],
  session_lost: [lost],
  edit_not_applied: [{ faults: ['silent-no-op', 'claimed-no-op', 'question-reply', 'temporary-issue-alone'] }],
  edit_unconfirmed: [untold],
  render_failed: [{ faults: ['render-failed', 'render-truncated', 'render-url-404', 'download-as-json'] }],
  render_timeout: [{ faults: ['render-stuck'] }],
  nothing_to_render: [
    { faults: ['draft-missing', 'draft-null', 'draft-empty', 'tracks-empty', 'segments-empty'], at: ['state'] },
  ],
};

/** Whether a file that met `fault` at `endpoint` may honestly end with `code`. */
export function accountsFor(code: string, { fault, endpoint }: { fault: string; endpoint: string }): boolean {
  return (causes[code as ErrorCode] ?? []).some(
    ({ faults, at }) =>
      (faults as readonly string[]).includes(fault) &&
      (at === undefined || (at as readonly string[]).includes(endpoint)),
  );
}
