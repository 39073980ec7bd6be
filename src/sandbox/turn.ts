/**
 * Runs one turn to its end, with or without a reader: the real one too goes on when the connection is gone, which is
 * why callers must look before they send again.
 */
import type { Sandbox } from './context.ts';
import { encodeEvent } from './dialect.ts';
import { settleDraft, type Draft } from './draft.ts';
import { makeGenerated } from './generate.ts';
import type { HeartbeatForm, TurnEvent } from './turn-event.ts';
import { toMoments, type Turn } from './turn-moments.ts';
import { withoutLateStage } from './late-stage.ts';
import type { Outcome } from './work-out.ts';

/** Typical durations (upstream rule 7), before the time scale. */
const TEXT_MS = [5_000, 15_000] as const;
const EDIT_MS = [10_000, 30_000] as const;
const GENERATION_MS = [100_000, 300_000] as const;
const FORMS: readonly HeartbeatForm[] = ['word', 'json', 'event', 'empty', 'comment'];

export async function runTurn(sandbox: Sandbox, turn: Turn): Promise<void> {
  const { plan, writer } = turn;
  const emit = createEmit(sandbox, turn);
  if (plan.stall !== null) return runStall(sandbox, turn, plan.stall.forMs);
  if (plan.heartbeats !== null) return runHeartbeats(sandbox, turn, emit);
  const [shortest, longest] = durationOf(turn.outcome);
  const length = sandbox.random.between(shortest, longest);
  let passed = 0;
  let isCut = false;
  for (const moment of toMoments(turn)) {
    if (!isCut && plan.cutAt !== null && moment.at > plan.cutAt) {
      await sandbox.clock.sleep((plan.cutAt - passed) * length);
      passed = Math.max(passed, plan.cutAt);
      isCut = true;
      if (plan.forgetsSession) turn.session.isForgotten = true;
      await writer.cut();
    }
    await sandbox.clock.sleep((moment.at - passed) * length);
    passed = moment.at;
    if (moment.apply === true) await applyInTurn(sandbox, turn);
    if (!isCut) for (const event of moment.events ?? []) await emit(event);
  }
  if (isCut) return;
  if (plan.cutAt !== null) await writer.cut();
  else await writer.end();
}

function durationOf(outcome: Outcome): readonly [number, number] {
  if (outcome.kind === 'question') return TEXT_MS;
  return outcome.planned.length > 0 ? GENERATION_MS : EDIT_MS;
}

function createEmit(sandbox: Sandbox, { writer, dialect }: Turn): (event: TurnEvent) => Promise<void> {
  const invocationId = `e-${sandbox.random.hex(16)}`;
  return async (event) => {
    const envelope = { invocationId, eventId: sandbox.random.hex(8), atMs: sandbox.clock.now() };
    await writer.write(encodeEvent(event, dialect, envelope));
  };
}

async function applyInTurn(sandbox: Sandbox, turn: Turn): Promise<void> {
  const { plan, outcome } = turn;
  if (outcome.kind !== 'edit' || plan.apply === 'never') return;
  if (plan.apply !== 'in-turn') await sandbox.clock.sleepReal(plan.apply.afterMs);
  for (const planned of outcome.planned) await makeGenerated(sandbox, turn.session, planned);
  if (turn.session.isForgotten) return;
  if (plan.lateStageMs === null) commit(sandbox, turn, outcome.draft);
  else commitInStages(sandbox, turn, outcome.draft, plan.lateStageMs);
}

function commit(sandbox: Sandbox, turn: Turn, draft: Draft): void {
  turn.session.draft = draft;
  turn.record.appliedAt = sandbox.clock.now();
  turn.record.outcome = 'applied';
}

/** The video now; music, titles and logos some time after the stream has closed (upstream rule 6). */
function commitInStages(sandbox: Sandbox, turn: Turn, draft: Draft, delayMs: number): void {
  const { session } = turn;
  commit(sandbox, turn, withoutLateStage(draft, session.draft));
  const land = async (): Promise<void> => {
    await sandbox.clock.sleepReal(delayMs);
    if (session.isForgotten) return;
    session.draft = settleDraft(draft);
    session.generated = [...session.generated, { id: `gen_${sandbox.random.hex(8)}`, type: 'layer', status: 'ready' }];
  };
  sandbox.background.add(land());
}

async function runStall(sandbox: Sandbox, turn: Turn, forMs: number | null): Promise<void> {
  await applyInTurn(sandbox, turn);
  await waitForReader(sandbox, turn, 200, forMs, async () => undefined);
}

async function runHeartbeats(sandbox: Sandbox, turn: Turn, emit: (event: TurnEvent) => Promise<void>): Promise<void> {
  const params = turn.plan.heartbeats;
  if (params === null) return;
  await applyInTurn(sandbox, turn);
  let sent = 0;
  const beat = async (): Promise<void> => {
    const form = params.form === 'mixed' ? FORMS[sent++ % FORMS.length] : params.form;
    await emit({ type: 'heartbeat', ...(form === undefined ? {} : { form }) });
  };
  await waitForReader(sandbox, turn, params.everyMs, params.forMs, beat);
}

/** Until the reader leaves, the time is over or the sandbox closes. */
async function waitForReader(
  sandbox: Sandbox,
  { writer }: Turn,
  everyMs: number,
  forMs: number | null,
  beat: () => Promise<void>,
): Promise<void> {
  const startedAt = sandbox.clock.now();
  while (!writer.isGone() && !sandbox.closing.aborted) {
    if (forMs !== null && sandbox.clock.now() - startedAt >= forMs) return writer.end();
    await beat();
    await sandbox.clock.sleepReal(everyMs);
  }
}
