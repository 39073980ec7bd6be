/** Says why a file does not move now (design §2.7). Pure; null when it moves, or has ended. */
import type { FileRecord } from './domain/file.ts';
import { isWork } from './domain/moves.ts';
import type { FileSurroundings } from './to-file-resource.ts';
import { toTime } from './to-batch-resource.ts';

interface Waiting {
  readonly reason: 'slot' | 'lane' | 'rate_limit' | 'credits' | 'token' | 'pause' | 'recheck' | 'upstream';
  readonly until: string | null;
  readonly position: number | null;
  readonly detail: string | null;
}

const waiting = (reason: Waiting['reason'], more: Partial<Waiting> = {}): Waiting => ({
  reason,
  until: null,
  position: null,
  detail: null,
  ...more,
});

export function whatItWaitsFor(file: FileRecord, around: FileSurroundings): Waiting | null {
  const { state } = file;
  if (state.status === 'parked') return waiting(state.reason === 'token_invalid' ? 'token' : 'credits');
  if (state.status !== 'queued' && !isWork(state)) return null;
  const listed = state.status === 'queued' || state.place !== 'in';
  if (listed && around.batch.progress.paused) return waiting('pause');
  if (listed) return waitingForSlot(file, around);
  if (isWork(state) && state.wait !== null) {
    return waiting(state.wait.reason, { until: toTime(state.due), detail: state.wait.detail });
  }
  return null;
}

function waitingForSlot(file: FileRecord, around: FileSurroundings): Waiting {
  const { account, batch, now } = around;
  if (account.blocked !== null) return waiting(account.blocked === 'token_invalid' ? 'token' : 'credits');
  if (batch.progress.blocked !== null) return waiting('credits', { detail: batch.progress.blocked.reason });
  if (account.until > now) return waiting('rate_limit', { until: toTime(account.until) });
  if (account.downSince !== null) return waiting('upstream');
  const position = file.state.status === 'queued' ? Math.max(0, file.index - batch.popped) : 0;
  return waiting(batch.spec.maxSessions === null ? 'slot' : 'lane', { position });
}
