/** A file as callers see it (design §7), made of its record, its batch and its account. Pure. */
import { errorMeanings } from './domain/error-codes.ts';
import type { Output, StepName } from './domain/file-state.ts';
import type { FileRecord, StepEntry, Timeline } from './domain/file.ts';
import type { StoredBatch } from './read-batch.ts';
import type { AccountView, FileView } from './read-file.ts';
import { toTime } from './to-batch-resource.ts';
import { progressPercent } from './progress-percent.ts';
import { waitsForNewer, whatItWaitsFor } from './what-it-waits-for.ts';

export interface FileSurroundings {
  readonly batch: StoredBatch;
  readonly account: AccountView;
  /** Ms of the clock that due times are kept in. */
  readonly now: number;
  /** Base of links of our own; null: paths. */
  readonly baseUrl: string | null;
  /** Opens the session in a browser; made lazily, for one file. */
  readonly openUrl?: string | null;
}

export function toFileResource({ file, live, newer }: FileView, around: FileSurroundings) {
  const { state } = file;
  return {
    id: file.id,
    batch_id: file.batchId,
    index: file.index,
    name: file.input.name,
    custom_id: file.input.customId,
    status: state.status,
    waiting_for: newer ? waitsForNewer(file) : whatItWaitsFor(file, around),
    progress: progressPercent(file, live),
    instructions: [...file.instructions],
    steps: file.steps.map((entry) => toStep(entry, file.instructions)),
    session: file.session === null ? null : { id: file.session.id, open_url: around.openUrl ?? null },
    timeline: toTimeline(file.timeline),
    output: toOutput(outputOf(file), file, around.baseUrl),
    error: state.status === 'failed' ? toError(state.error, around.account) : null,
    metadata: file.input.metadata,
    created_at: toTime(around.batch.createdAt),
    finished_at: 'finishedAt' in state ? toTime(state.finishedAt) : null,
  };
}

export function toTimeline(timeline: Timeline | null) {
  if (timeline === null) return null;
  const tracks = timeline.tracks.map(({ durationMs, volumePercent, ...track }) => ({
    ...track,
    duration_ms: durationMs,
    volume_percent: volumePercent,
  }));
  return { summary: timeline.summary, tracks };
}

/** The old output stays until the new one is ready (design §4 "Messages"). */
export function outputOf(file: FileRecord): Output | null {
  return file.state.status === 'completed' ? file.state.output : (file.kept?.output ?? null);
}

/** Where the upstream's own link does not serve, ours does. */
function toOutput(output: Output | null, file: FileRecord, baseUrl: string | null) {
  if (output === null) return null;
  const own = `${baseUrl ?? ''}/batches/${file.batchId}/files/${file.id}/content`;
  return { url: output.url ?? own, format: 'mp4' as const, duration_ms: output.durationMs, bytes: output.bytes };
}

function toStep(entry: StepEntry, instructions: readonly string[]) {
  const text = entry.instruction === null ? undefined : instructions[entry.instruction];
  return {
    step: entry.step,
    ...(text === undefined ? {} : { instruction: text }),
    ...(entry.sessionId === null ? {} : { session_id: entry.sessionId }),
    attempts: entry.attempts,
    started_at: toTime(entry.startedAt),
    finished_at: entry.finishedAt === null ? null : toTime(entry.finishedAt),
    ...(entry.reply === undefined ? {} : { reply: entry.reply }),
    ...(entry.change === undefined ? {} : { change: entry.change }),
    ...(entry.renderId === undefined ? {} : { render_id: entry.renderId }),
    ...(entry.error === undefined
      ? {}
      : {
          error: { code: entry.error.code, message: entry.error.message, upstream_code: entry.error.upstreamCode },
        }),
  };
}

interface StoredError {
  readonly code: keyof typeof errorMeanings;
  readonly step: StepName;
  readonly message: string;
  readonly upstreamCode: number | null;
}

function toError(error: StoredError, account: AccountView) {
  const concernsAccount = error.code === 'out_of_credits' || error.code === 'token_invalid';
  return {
    code: error.code,
    step: error.step,
    message: error.message,
    upstream_code: error.upstreamCode,
    retryable: errorMeanings[error.code].retryable,
    help_url: concernsAccount ? account.helpUrl : null,
  };
}
