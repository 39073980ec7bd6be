/**
 * What an error means for the run that it ended: the one translator from thrown errors to events. A run's last attempt
 * ends in an event, never in a throw; only faults of calls that are safe to repeat go back to BullMQ.
 */
import { AccountPausedError } from '../shared/account/account.ts';
import { noteAccount } from '../shared/account/note-account.ts';
import { spreadAfterPause } from '../shared/account/spread-after-pause.ts';
import { TokenDeadError } from '../shared/account/token-dead-error.ts';
import { reactionTo } from '../shared/domain/reactions.ts';
import { GuardError } from '../shared/guard/guard-error.ts';
import { isRedisTrouble } from '../shared/redis/redis-trouble.ts';
import { NewerRecordError } from '../shared/stored-file.ts';
import type { UpstreamFault } from '../shared/upstream/types.ts';
import { UploadSourceError } from '../shared/upstream/upload-source-error.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import { accountEffectOf, toCallFault } from './call-fault.ts';
import { DestinationError } from './destination-error.ts';
import { SourceGoneError } from './open-source.ts';
import { HandOverError, RunOverError, type Run } from './run.ts';

export type RunEnd =
  | { readonly kind: 'done' }
  /** A transport fault of a call that is safe to repeat: BullMQ does it. */
  | { readonly kind: 'repeat-call'; readonly error: Error }
  /** Another worker goes on. */
  | { readonly kind: 'hand-over' }
  /** The record is of a newer release. */
  | { readonly kind: 'leave-alone' }
  /** A fault of our own. */
  | { readonly kind: 'broken' }
  /** Redis is away, full or read-only: nobody's fault, and the run is asked for again. */
  | { readonly kind: 'store-trouble' };

const done: RunEnd = { kind: 'done' };

export async function endRun(run: Run, error: unknown, mayRepeat: boolean): Promise<RunEnd> {
  if (run.signals.abort.aborted || error instanceof RunOverError) return aborted(run, error);
  if (error instanceof HandOverError) return { kind: 'hand-over' };
  if (error instanceof NewerRecordError) return { kind: 'leave-alone' };
  if (error instanceof AccountPausedError) return closed(run, error.until);
  if (error instanceof TokenDeadError) return faulted(run, deadToken);
  if (error instanceof SourceGoneError || error instanceof UploadSourceError) {
    const code = error instanceof SourceGoneError ? error.code : 'source_unreachable';
    await run.finish({ type: 'step-refused', run: run.number, code, detail: error.message });
    return done;
  }
  if (error instanceof GuardError) {
    const code = run.file().state.status === 'delivering' ? 'delivery_failed' : 'source_unreachable';
    await run.finish({ type: 'step-refused', run: run.number, code, detail: 'The host is a private address.' });
    return done;
  }
  if (error instanceof DestinationError) return mayRepeat ? { kind: 'repeat-call', error } : undelivered(run, error);
  if (error instanceof UpstreamError) {
    // A time-out has taken 30 s already: three of them would leave the account, and whoever asks, unaware for minutes.
    const isRepeatable = error.fault.code !== 'timed_out' && reactionTo(error.fault.code).retry === 'call';
    if (mayRepeat && isRepeatable) return { kind: 'repeat-call', error };
    return faulted(run, error.fault);
  }
  if (isRedisTrouble(error)) return storeTrouble(run, error);
  return broken(run, error);
}

function storeTrouble(run: Run, error: unknown): RunEnd {
  run.ctx.watch.noteTrouble();
  run.ctx.log.warn(
    { err: error, file_id: run.file().id, run: run.number },
    'Redis cannot be used; the run comes again',
  );
  return { kind: 'store-trouble' };
}

/** The process goes down: hand over. Anything else: the run has passed, and whoever moved the file goes on. */
async function aborted(run: Run, error: unknown): Promise<RunEnd> {
  // A limit is one for everybody, also where the file that met it is canceled.
  if (error instanceof UpstreamError && error.fault.code === 'rate_limited') {
    await noteAccount(run.ctx, accountEffectOf(run.ctx, error.fault));
  }
  run.ctx.log.debug({ err: error, file_id: run.file().id, run: run.number }, 'run over');
  return run.signals.mayCall() ? done : { kind: 'hand-over' };
}

async function closed(run: Run, until: number): Promise<RunEnd> {
  await run.finish({
    type: 'account-closed',
    run: run.number,
    reason: 'rate_limit',
    until,
    spread: await spreadAfterPause(run.ctx, run.file().id, until),
    markedCall: run.marked.call,
  });
  return done;
}

async function undelivered(run: Run, error: DestinationError): Promise<RunEnd> {
  const fault = { code: error.code, upstreamCode: null, detail: error.message };
  // A verdict on this file alone, whoever else goes through.
  const call = { fault, othersSucceeded: true, until: null, spread: 0 };
  await run.finish({ type: 'call-faulted', run: run.number, ...call });
  return done;
}

const deadToken: UpstreamFault = {
  code: 'token_invalid',
  upstreamCode: 1001,
  httpStatus: null,
  retryAfterMs: null,
  detail: 'no valid token',
};

async function faulted(run: Run, fault: UpstreamFault): Promise<RunEnd> {
  const call = await toCallFault(run, fault);
  run.ctx.log.warn(
    { file_id: run.file().id, run: run.number, fault: fault.code, upstream_code: fault.upstreamCode },
    'call failed',
  );
  await run.finish(
    { type: 'call-faulted', run: run.number, ...call },
    { account: accountEffectOf(run.ctx, fault, call.othersSucceeded) },
  );
  return done;
}

async function broken(run: Run, error: unknown): Promise<RunEnd> {
  run.ctx.log.error({ err: error, file_id: run.file().id, run: run.number }, 'run broke');
  await run.finish({ type: 'crashed', run: run.number });
  return { kind: 'broken' };
}
