/**
 * The step `edit`: one turn an instruction (design §4 (1)–(6)). The turn is the one call that costs money, so it is
 * fenced before it is sent, and what became of it is found out by reading state, never by sending again.
 */
import { AccountPausedError } from '../shared/account/account.ts';
import { isReadyForTurn } from '../shared/domain/decide-settle.ts';
import { TokenDeadError } from '../shared/account/token-dead-error.ts';
import type { AccountEffect } from '../shared/advance.ts';
import type { Fault, StateRead } from '../shared/domain/events.ts';
import { newTurnId } from '../shared/ids.ts';
import { loadFile, type LoadedFile } from '../shared/load-file.ts';
import { runTurn } from '../shared/upstream/run-turn.ts';
import type { TurnEnd, UpstreamFault } from '../shared/upstream/types.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import { accountEffectOf, toCallFault } from './call-fault.ts';
import { measureSpend, noteBalanceBefore } from './measure-spend.ts';
import { parkBlocked, putAside } from './put-aside.ts';
import { readSession, toStateRead } from './read-session.ts';
import { assertMaySend, RunOverError, type Run } from './run.ts';
import { turnNotes } from './turn-notes.ts';
import { turnText } from './turn-text.ts';

export async function runEdit(run: Run): Promise<void> {
  const { state } = run.file();
  if (state.status === 'checking') return reportState(run);
  if (state.status !== 'editing') return;
  if (state.turn === null) return startTurn(run);
  if (state.turn.end === null && !state.lookFirst) {
    await run.finish({ type: 'turn-found-open', run: run.number });
    return;
  }
  await reportState(run);
}

/** Settling, checking, or the look before a caller's retry: one read, and `decide` says what it means. */
async function reportState(run: Run): Promise<void> {
  const state = await readSession(run);
  const event = { type: 'state-read', run: run.number, read: toStateRead(state) } as const;
  const { draftStored } = run.file();
  const moved = await run.finish(event, { draftText: state.draftText });
  if (moved.kind !== 'saved') return;
  if (moved.loaded.file.draftStored && !draftStored) run.carried.draftText = state.draftText;
  if (moved.endsTurns) await measureSpend(run.ctx, moved.loaded.file.batchId);
}

async function startTurn(run: Run): Promise<void> {
  if (await putAside(run, { costs: true })) return;
  const read = await readBefore(run);
  const file = run.file();
  const at = file.state;
  if (at.status === 'editing' && !isReadyForTurn({ ...file, state: at }, read)) {
    // A late second stage must not pass for the next turn's effect, and a late upload leaves nothing to edit.
    await run.finish({ type: 'state-read', run: run.number, read });
    return;
  }
  await sendTurn(run, read);
}

/** A later turn's read is held against what the one before it settled to; a first turn has nothing but a second read. */
async function readBefore(run: Run): Promise<StateRead> {
  const state = await readSession(run);
  if (run.file().settled !== null) return toStateRead(state);
  return toStateRead(await readSession(run), state);
}

async function sendTurn(run: Run, read: StateRead): Promise<void> {
  const { ctx, signals } = run;
  assertMaySend(run);
  await noteBalanceBefore(run);
  const token = await ctx.account.token(signals.abort);
  const turnId = newTurnId();
  const askedAt = run.monotonicMs();
  await fence(run, turnId, read);
  // A fence that a power loss takes back would let the turn be sent again; without it on disk nothing is sent.
  const isFenced = await ctx.barrier.pass().then(
    () => true,
    () => false,
  );
  ctx.reach('turn: fenced, not sent');
  const file = run.file();
  const sessionId = file.session?.id ?? '';
  const notes = turnNotes(ctx, file);
  const end = await runTurn(
    ctx.account.upstream,
    token.value,
    { sessionId, text: turnText(file, file.applied) },
    {
      signal: signals.abort,
      idleTimeoutMs: ctx.config.editIdleMs,
      totalTimeoutMs: ctx.config.editTimeoutMs,
      onProgress: notes.onProgress,
      // The last look before the first byte: the right to send may be no older than half a lock.
      beforeSend: () =>
        isFenced &&
        !signals.abort.aborted &&
        signals.mayCall() &&
        ctx.account.gate.pausedMs() === 0 &&
        run.monotonicMs() - askedAt < ctx.config.lockMs / 2,
    },
  ).finally(notes.stop);
  ctx.reach('turn: ended, not saved');
  await reportEnd(run, turnId, token.version, end);
}

/** Whoever loses this race never sends. A save whose reply was lost is still ours: the record then holds our turn id. */
async function fence(run: Run, turnId: string, read: StateRead): Promise<void> {
  const event = { type: 'turn-sent', run: run.number, turnId, read } as const;
  const fenced = await run.finish(event, { guard: 'turn' });
  if (fenced.kind === 'refused') return setAside(run, fenced.why);
  if (fenced.kind === 'missing') throw new RunOverError('the file is gone');
  const held = (await asKept(run, fenced.loaded)).file.state;
  if (held.status !== 'editing' || held.turn?.id !== turnId) throw new RunOverError('the fence is somebody else’s');
}

/** A failover since the fence may have lost it, so where one can happen the record is looked at once more. */
async function asKept(run: Run, fenced: LoadedFile): Promise<LoadedFile> {
  if (!run.ctx.replication.isReplicated) return fenced;
  const kept = await loadFile(run.ctx, fenced.file.id);
  if (kept === 'missing' || kept === 'passed') throw new RunOverError('the file is gone');
  return kept;
}

/** The fence did not let the turn through: the file waits for what it said, and this run is over. */
async function setAside(run: Run, why: string): Promise<never> {
  if (why === 'limited') throw new AccountPausedError((await run.ctx.account.gate.refresh()).until);
  if (why === 'paused') await run.finish({ type: 'held', run: run.number }, { guard: 'paused' });
  if (why === 'blocked') await parkBlocked(run);
  throw new RunOverError(why);
}

async function reportEnd(run: Run, turnId: string, tokenVersion: number, end: TurnEnd): Promise<void> {
  run.ctx.telemetry.turnEnded(end.kind === 'ended' ? (end.end === 'closed' ? 'closed' : 'unknown') : 'not-taken');
  if (end.kind === 'ended') {
    await run.finish(
      {
        type: 'turn-ended',
        turnId,
        seen: end.end === 'closed',
        reply: end.reply,
        tools: end.tools,
        error: end.error === null ? null : toFault(end.error),
      },
      { account: end.error === null ? { ok: 1 } : effectInStream(run, end.error) },
    );
    return;
  }
  const refusal = await refusalOf(run, end.error, tokenVersion);
  const fault = refusal === null ? null : await toCallFault(run, refusal);
  const account = refusal === null ? {} : accountEffectOf(run.ctx, refusal, fault?.othersSucceeded);
  await run.finish({ type: 'turn-not-taken', turnId, fault }, { account });
}

/** A token that died under the stream is renewed by the next read, which is refused for it. */
const effectInStream = (run: Run, fault: UpstreamFault): AccountEffect =>
  fault.code === 'token_invalid' ? {} : accountEffectOf(run.ctx, fault);

/** Why the turn was not taken; null: for no reason that still stands, so the next send is a first send at once. */
async function refusalOf(run: Run, fault: UpstreamFault, tokenVersion: number): Promise<UpstreamFault | null> {
  if (fault.code === 'aborted') return null;
  if (fault.code !== 'token_invalid') return fault;
  try {
    await run.ctx.account.renew(tokenVersion, run.signals.abort);
    return null;
  } catch (error) {
    run.ctx.log.warn({ err: error }, 'token not renewed');
    if (error instanceof TokenDeadError) return fault;
    // An outage of the upstream says nothing of the token; an abort of ours says nothing at all.
    return error instanceof UpstreamError ? error.fault : null;
  }
}

const toFault = (fault: UpstreamFault): Fault => ({
  code: fault.code,
  upstreamCode: fault.upstreamCode,
  detail: fault.detail,
});
