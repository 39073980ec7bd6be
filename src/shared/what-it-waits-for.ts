/** Says why a file does not move now (design §2.7), as callers read it: the domain's answer, with times as text. */
import { isFinal } from './domain/batch.ts';
import { blockReasons, type BlockReason } from './domain/file-state.ts';
import type { FileRecord } from './domain/file.ts';
import { waitingFor } from './domain/waiting-for.ts';
import type { FileSurroundings } from './to-file-resource.ts';
import { toTime } from './to-batch-resource.ts';

export function whatItWaitsFor(file: FileRecord, around: FileSurroundings) {
  const { account, batch, now } = around;
  const accountBlock = toReason(account.blocked);
  const found = waitingFor(
    file,
    {
      batchPaused: batch.progress.paused,
      blocked: accountBlock === null ? batch.progress.blocked : { reason: accountBlock },
      accountUntil: account.until,
      accountDown: account.downSince !== null,
      position: file.state.status === 'queued' ? Math.max(0, file.index - batch.popped) : 0,
      lanes: batch.spec.maxSessions !== null,
    },
    now,
  );
  return found === null ? null : { ...found, until: found.until === null ? null : toTime(found.until) };
}

/** A record of a newer release waits for a worker of that release, whatever else it may wait for. */
export const waitsForNewer = ({ state }: FileRecord) =>
  isFinal(state.status) ? null : { reason: 'slot' as const, until: null, position: null, detail: newerDetail };

const newerDetail =
  'A newer release of this service has written its record, and only a worker of that goes on with it.';

const toReason = (text: string | null): BlockReason | null => blockReasons.find((reason) => reason === text) ?? null;
