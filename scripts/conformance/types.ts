/** What the service, and the sandbox's admin, answer with, as far as the rows read it. */
import type { toLedgerReport } from '../../src/sandbox/ledger-report.ts';

export interface BatchView {
  readonly id: string;
  readonly status: string;
  readonly round: number;
  readonly blocked: { readonly reason: string; readonly help_url: string | null } | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly credits: { readonly estimated: number; readonly spent: number; readonly spent_is: string };
  readonly warnings?: readonly { readonly code: string; readonly detail: string }[];
}

export interface StepView {
  readonly step: string;
  readonly instruction?: string;
  readonly session_id?: string;
  readonly attempts: number;
  readonly reply?: string;
  readonly change?: string;
  readonly render_id?: string;
  readonly error?: { readonly code: string };
}

export interface FileView {
  readonly id: string;
  readonly batch_id: string;
  readonly index: number;
  readonly name: string;
  readonly status: string;
  readonly waiting_for: { readonly reason: string; readonly detail: string | null } | null;
  readonly instructions: readonly string[];
  readonly steps: readonly StepView[];
  readonly session: { readonly id: string; readonly open_url: string | null } | null;
  readonly timeline: { readonly summary: string } | null;
  readonly output: { readonly url: string; readonly bytes: number | null } | null;
  readonly error: {
    readonly code: string;
    readonly step: string;
    readonly message: string;
    readonly upstream_code: number | null;
    readonly help_url: string | null;
  } | null;
}

export type Ledger = ReturnType<typeof toLedgerReport>;
export type SessionEntry = Ledger['sessions'][number];
export type CallEntry = Ledger['calls'][number];

export interface Received {
  readonly at: number;
  readonly id: string;
  readonly type: string;
  readonly data: { readonly batch_id: string; readonly status: string } & Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}
