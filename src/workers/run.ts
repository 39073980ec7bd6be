/**
 * One execution of a run: the file as it stands, saves inside the run, calls under the account. A step is written
 * against this and knows neither BullMQ nor Redis. Once the run is over (canceled, overtaken, lease lost), every
 * further save or call throws, so nothing is done for a file that is not ours any more.
 */
import { performance } from 'node:perf_hooks';
import { assertOpen, callWithToken } from '../shared/account/account.ts';
import { noteAccount } from '../shared/account/note-account.ts';
import { advance, type AccountEffect, type Advanced, type AdvanceOptions } from '../shared/advance.ts';
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
}

export function createRun(ctx: Context, begun: LoadedFile, signals: RunSignals): Run {
  let loaded = begun;
  let loadedAt = performance.now();
  /** As of now: a call may take 15 min, and what it ends in is due from its end on. */
  const present = (): LoadedFile => ({ ...loaded, now: loaded.now + Math.round(performance.now() - loadedAt) });
  /** Calls that succeeded since the last save: they widen the account's window in the script of the next one. */
  let succeeded = 0;

  const move = async (event: FileEvent, options: AdvanceOptions = {}): Promise<Advanced> => {
    const account: AccountEffect = { ...options.account, ok: succeeded + (options.account?.ok ?? 0) };
    const moved = await advance(ctx, begun.file.id, event, { ...options, account, loaded: present() });
    if (moved.kind === 'saved') succeeded = 0;
    // Nothing to save for a file that somebody else has moved; what was learned of the account stays true.
    else if (options.account !== undefined) await noteAccount(ctx, options.account);
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
    save: async (event, options) => {
      const moved = await move(event, options);
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
