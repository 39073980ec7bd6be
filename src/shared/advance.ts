/**
 * The only writer of files: load, decide, save if nobody was faster, then enqueue what comes next. A crash between
 * save and enqueue loses nothing: the saved state is the outbox, and the sweeper asks again.
 */
import type { Context } from './context.ts';
import { packDraft } from './draft.ts';
import { isFinal } from './domain/batch.ts';
import { decide } from './domain/decide.ts';
import { effectsOf, type Effects } from './domain/effects.ts';
import type { FileEvent } from './domain/events.ts';
import type { FileStatus } from './domain/file-state.ts';
import type { FileRecord } from './domain/file.ts';
import { toLogLine } from './file-log.ts';
import { jobNameText, loadFile, toSurroundings, type JobName, type LoadedFile } from './load-file.ts';
import { figuresOf } from './minute-figures.ts';
import { enqueueNext, enqueueNotify } from './queues.ts';
import { toStoredProgress } from './stored-file.ts';

/** What a call taught about the account; it moves in the same script as the file. Keys as the script reads them. */
export interface AccountEffect {
  readonly ok?: number;
  readonly limited_ms?: number;
  readonly blocked?: 'out_of_credits' | 'token_invalid';
  readonly help_url?: string | null;
  readonly down?: boolean;
}

export interface AdvanceOptions {
  /** What must still be so for the save to count (advance.lua). */
  readonly guard?: 'turn' | 'paused' | 'blocked';
  readonly account?: AccountEffect;
  /** Kept with the file when this save brings it to its render: what every render of it is sent. */
  readonly draftText?: string | null;
  /** Why its batch is blocked, when this save parks the file. */
  readonly blocked?: { readonly reason: string; readonly help_url: string | null };
  /** What the caller has loaded already: saves a round trip, and a lost race loads afresh. */
  readonly loaded?: LoadedFile;
  /** Whoever saves holds a lease, and goes on to the new run under it where `isFor` says so: no job is made for that. */
  readonly goOn?: GoOn | undefined;
  /** Save although nothing changed: puts every index right again (the sweeper's repair). */
  readonly repair?: boolean;
}

export interface GoOn {
  readonly lease: JobName;
  readonly execution: string;
  readonly isFor: (after: FileRecord, now: number) => boolean;
}

export type Advanced =
  | {
      readonly kind: 'saved';
      readonly loaded: LoadedFile;
      /** The new run is the caller's, under the lease that it holds. */
      readonly goesOn: boolean;
      /** No file of the batch may send a turn any more, and this save made it so. */
      readonly endsTurns: boolean;
    }
  /** The event said nothing new. */
  | { readonly kind: 'unchanged'; readonly loaded: LoadedFile }
  /** The guard did not hold. */
  | { readonly kind: 'refused'; readonly why: string; readonly loaded: LoadedFile }
  | { readonly kind: 'missing' };

export async function advance(
  ctx: Context,
  fileId: string,
  event: FileEvent | null,
  options: AdvanceOptions = {},
): Promise<Advanced> {
  let loaded: LoadedFile | 'missing' | 'passed' = options.loaded ?? (await loadFile(ctx, fileId));
  for (;;) {
    if (loaded === 'missing' || loaded === 'passed') return { kind: 'missing' };
    const after = event === null ? loaded.file : decide(loaded.file, event, loaded.now, ctx.policy);
    if (after === loaded.file && options.repair !== true) return { kind: 'unchanged', loaded };
    const saved = await save(ctx, loaded, after, event, options);
    if (saved.kind !== 'stale') return saved;
    loaded = await loadFile(ctx, fileId);
  }
}

async function save(
  ctx: Context,
  loaded: LoadedFile,
  after: FileRecord,
  event: FileEvent | null,
  options: AdvanceOptions,
): Promise<Advanced | { readonly kind: 'stale' }> {
  const before = loaded.file;
  const effects = effectsOf(before, after);
  const storesDraft = after.draftStored && !before.draftStored && options.draftText != null;
  const what = event?.type ?? 'repair';
  const goOn = after.run !== before.run && options.goOn?.isFor(after, loaded.now) === true ? options.goOn : null;
  ctx.reach(`save ${what}: before`);
  const reply = await ctx.scripts.advance(
    after.id,
    after.batchId,
    after.index,
    loaded.rev,
    after.run,
    toStoredProgress(after),
    JSON.stringify({
      ...toScriptEffects(ctx, after, effects, options),
      figures: figuresOf(before, after, event),
    }),
    storesDraft ? packDraft(options.draftText ?? '') : '',
    toLogLine(before, after, event),
    goOn === null ? '' : jobNameText(goOn.lease),
    goOn?.execution ?? '',
  );
  const [kind, ...rest] = reply as [string, ...unknown[]];
  if (kind === 'stale') return { kind: 'stale' };
  if (kind === 'refused') return { kind: 'refused', why: String(rest[0]), loaded };
  const [rev, now, last, around, ...deliveries] = rest;
  await ctx.replication.confirm();
  const saved: LoadedFile = {
    ...loaded,
    ...(goOn === null ? {} : toSurroundings(ctx, around, Number(now))),
    file: after,
    rev: Number(rev),
    now: Number(now),
    crashed: false,
  };
  countTransition(ctx, before, after);
  logTransition(ctx, loaded, after, event);
  ctx.reach(`save ${what}: saved, not enqueued`);
  await enqueue(ctx, saved, { hasNext: goOn === null && after.run !== before.run, deliveries: deliveries.map(String) });
  ctx.reach(`save ${what}: enqueued`);
  return { kind: 'saved', loaded: saved, goesOn: goOn !== null, endsTurns: last === '1' };
}

function toScriptEffects(ctx: Context, after: FileRecord, effects: Effects, options: AdvanceOptions): object {
  const { state } = after;
  const ends = effects.ended && (state.status === 'completed' || state.status === 'failed');
  return {
    from: effects.from,
    to: effects.to,
    in_flight: effects.inFlight,
    due: effects.due ?? undefined,
    joins: effects.joins ?? undefined,
    awaits_upload: effects.awaitsUpload,
    held: 'place' in state && state.place === 'held',
    paid_delta: effects.paidDelta,
    unpaid: effects.unpaid,
    paid: after.session?.paid === true,
    lane: effects.lane ?? undefined,
    ended: effects.ended,
    visible: effects.visible,
    ends_turns: maySendTurns(effects.from) && !maySendTurns(effects.to),
    account: ctx.accountId,
    account_effect:
      options.account === undefined ? undefined : { ...options.account, max_window: ctx.config.maxInFlight },
    guard: options.guard,
    blocked:
      options.blocked ??
      (state.status === 'parked' ? { reason: state.reason, help_url: ctx.account.helpUrl() } : undefined),
    file_event: ends ? `file.${state.status}` : undefined,
  };
}

/** Of a file of these statuses a turn may still come. */
const maySendTurns = (status: FileStatus): boolean =>
  ['queued', 'uploading', 'editing', 'checking', 'parked'].includes(status);

/** A failure to enqueue is not a failure to save: the sweeper finds the file by its due time. */
async function enqueue(
  ctx: Context,
  saved: LoadedFile,
  { hasNext, deliveries }: { readonly hasNext: boolean; readonly deliveries: readonly string[] },
): Promise<void> {
  try {
    if (hasNext) {
      await enqueueNext(ctx.queues, saved.file, saved.now, Math.min(1000, ctx.policy.rateLimitWaitMs));
    }
    for (const id of deliveries) {
      await enqueueNotify(ctx.queues, { id, run: 0, delayMs: ctx.config.webhookRetryMs[0] ?? 0 });
    }
  } catch (error) {
    ctx.log.warn({ err: error, file_id: saved.file.id }, 'not enqueued; the sweeper will');
  }
}

function countTransition(ctx: Context, { state: from, run }: FileRecord, after: FileRecord): void {
  const { state: to } = after;
  if (isFinal(to.status)) {
    if (!isFinal(from.status)) ctx.telemetry.fileEnded(to.status === 'failed' ? to.error.code : to.status);
    return;
  }
  if (run === after.run) return;
  if (to.status === 'parked') ctx.telemetry.waitBegan(to.reason);
  else if ('place' in to && to.place !== 'in') ctx.telemetry.waitBegan(to.place === 'held' ? 'pause' : 'slot');
  else if ('wait' in to && to.wait !== null) ctx.telemetry.waitBegan(to.wait.reason);
}

function logTransition(ctx: Context, loaded: LoadedFile, after: FileRecord, event: FileEvent | null): void {
  const { file: before, spec } = loaded;
  if (before.state.status === after.state.status && before.run === after.run) return;
  ctx.log.info(
    {
      request_id: spec.requestId,
      batch_id: after.batchId,
      file_id: after.id,
      run: after.run,
      from: before.state.status,
      to: after.state.status,
      event: event?.type ?? 'repair',
      ...(after.state.status === 'failed' ? { code: after.state.error.code } : {}),
    },
    'file moved',
  );
}
