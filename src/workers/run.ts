/**
 * One execution of a run: the file as it stands, saves inside the run, calls under the account. A step is written
 * against this and knows neither BullMQ nor Redis. Once the run is over (canceled, overtaken, lease lost), every
 * further save or call throws, so nothing is done for a file that is not ours any more.
 */
import { performance } from 'node:perf_hooks';
import { assertOpen, callWithToken } from '../shared/account/account.ts';
import { noteAccount } from '../shared/account/note-account.ts';
import { advance, type AccountEffect, type Advanced, type AdvanceOptions, type GoOn } from '../shared/advance.ts';
import type { Context } from '../shared/context.ts';
import type { FileEvent } from '../shared/domain/events.ts';
import type { FileRecord } from '../shared/domain/file.ts';
import type { LoadedFile } from '../shared/load-file.ts';

/** The run has passed: somebody else moved the file. Ends the execution silently. */
export class RunOverError extends Error {
  override readonly name = 'RunOverError';
  readonly code = 'run_over';
}

/** The lease is lost or the process is going down: no new call; the run is handed over. */
export class HandOverError extends Error {
  override readonly name = 'HandOverError';
  readonly code = 'hand_over';
}

export interface RunSignals {
  /** Ends everything at once: the batch is canceled, or the process must go now. */
  readonly abort: AbortSignal;
  /** False once the lease is lost or the process is shutting down: forbids new calls, leaves an open stream alone. */
  readonly mayCall: () => boolean;
}

export interface Run {
  readonly ctx: Context;
  readonly signals: RunSignals;
  readonly loaded: () => LoadedFile;
  readonly file: () => FileRecord;
  /** The number of the run that this execution is for. */
  readonly number: number;
  /** A call of the upstream, with the account's token. */
  readonly call: <T>(call: (token: string, signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** Set while the marked upload is under way, and left set when that call fails (design §4 "upload"). */
  readonly marked: { call: boolean };
  /** A save inside the run: must be taken, or the run is over. */
  readonly save: (event: FileEvent, options?: AdvanceOptions) => Promise<FileRecord>;
  /** The outcome of the run. */
  readonly finish: (event: FileEvent, options?: AdvanceOptions) => Promise<Advanced>;
  readonly monotonicMs: () => number;
  /** The last save planned the next run and left it to whoever runs this one, without a job of its own. */
  readonly goesOn: () => boolean;
  /** Drafts that were stored with the file in this chain of runs: read back they would be the same. */
  readonly carried: Carried;
}

export interface Carried {
  draftText: string | null;
}

export interface RunOptions {
  readonly goOn?: GoOn;
  readonly carried?: Carried;
}

export function createRun(ctx: Context, begun: LoadedFile, signals: RunSignals, options: RunOptions = {}): Run {
  let loaded = begun;
  let loadedAt = performance.now();
  /** As of now: a call may take 15 min, and what it ends in is due from its end on. */
  const present = (): LoadedFile => ({ ...loaded, now: loaded.now + Math.round(performance.now() - loadedAt) });
  /** Calls that succeeded since the last save: they widen the account's window in the script of the next one. */
  let succeeded = 0;
  let goesOn = false;

  const move = async (event: FileEvent, how: AdvanceOptions = {}): Promise<Advanced> => {
    const account: AccountEffect = { ...how.account, ok: succeeded + (how.account?.ok ?? 0) };
    const moved = await advance(ctx, begun.file.id, event, { ...how, account, loaded: present(), goOn: options.goOn });
    if (moved.kind === 'saved') {
      succeeded = 0;
      goesOn = moved.goesOn;
    }
    // Nothing to save for a file that somebody else has moved; what was learned of the account stays true.
    else if (how.account !== undefined) await noteAccount(ctx, how.account);
    if (moved.kind !== 'missing') {
      loaded = moved.loaded;
      loadedAt = performance.now();
    }
    return moved;
  };

  return {
    ctx,
    signals,
    number: begun.file.run,
    marked: { call: false },
    loaded: present,
    file: () => loaded.file,
    monotonicMs: () => performance.now(),
    call: async (call) => {
      assertMayCall(signals);
      const { status } = loaded.file.state;
      ctx.reach(`call while ${status}: before`);
      const result = await callWithToken(ctx.account, (token) => call(token, signals.abort), signals.abort);
      succeeded += 1;
      ctx.reach(`call while ${status}: answered`);
      return result;
    },
    goesOn: () => goesOn,
    carried: options.carried ?? { draftText: null },
    save: async (event, how) => {
      const moved = await move(event, how);
      if (moved.kind !== 'saved') throw new RunOverError(moved.kind === 'refused' ? moved.why : moved.kind);
      return moved.loaded.file;
    },
    finish: move,
  };
}

export function assertMayCall(signals: RunSignals): void {
  if (signals.abort.aborted) throw new RunOverError('aborted');
  if (!signals.mayCall()) throw new HandOverError('no new call');
}

/** For the one call that is not made through `call`: the turn. */
export function assertMaySend(run: Run): void {
  assertMayCall(run.signals);
  assertOpen(run.ctx.account);
}
