/** What the upstream knew when the service died: enough to give a later sandbox the same sessions, turns and renders. */
import type { OpenSandbox } from '../../src/sandbox/sandbox.ts';

/** A registered account, so that a later process works under the same one. */
export const token = 'snapshot-token';

interface Known {
  readonly ledger: ReturnType<OpenSandbox['ledger']>;
  readonly batches: Readonly<Record<string, string>>;
  readonly receiver: string;
  readonly sandbox: string;
}

export const toUpstream = ({ ledger, batches, receiver, sandbox }: Known) => ({
  token,
  /** Stand in the append-only file; whoever loads it replaces them by ports of the same length. */
  receiver,
  sandbox,
  batches,
  sessions: ledger.sessions.map(({ id, uploads, turns }) => ({
    id,
    uploads: uploads.map(({ name }) => name),
    turns: turns
      .filter(({ outcome, appliedAt }) => appliedAt !== null || outcome === 'running')
      .map(({ text }) => text),
  })),
  renders: ledger.renders.map(({ id, sessionId }) => ({ id, sessionId })),
});
