/**
 * Runs one turn to its end, with or without a reader: the real one too goes on when the connection is gone, which is
 * why callers must look before they send again.
 */
import type { Sandbox } from './context.ts';
import { encodeEvent } from './dialect.ts';
import { settleDraft, type Draft } from './draft.ts';
import { makeGenerated } from './generate.ts';
import type { TurnRecord } from './ledger.ts';
import { replies, toLanguage } from './replies.ts';
import type { Session } from './store.ts';
import type { StreamWriter } from './stream-writer.ts';
import type { HeartbeatForm, TurnEvent } from './turn-event.ts';
import type { TurnPlan } from './turn-plan.ts';
import { withoutLateStage } from './late-stage.ts';
import type { Outcome } from './work-out.ts';

/** Typical durations (upstream rule 7), before the time scale. */
const TEXT_MS = [5_000, 15_000] as const;
const EDIT_MS = [10_000, 30_000] as const;
const GENERATION_MS = [100_000, 300_000] as const;
const FORMS: readonly HeartbeatForm[] = ['word', 'json', 'event', 'empty', 'comment'];
const EDIT_TOOL = 'edit_multitrack';
const GENERATION_TOOL = 'generate_video_with_seedance';
const BEATS: readonly Moment[] = [0.3, 0.4, 0.5, 0.6].map((at) => ({ at, events: [{ type: 'heartbeat' }] }));
/** What adds music, titles and effects after the stream: any name but `edit_multitrack`. */
const LATE_TOOL = 'generate_background_layers';

export interface Turn {
  readonly session: Session;
  readonly record: TurnRecord;
  readonly plan: TurnPlan;
  readonly outcome: Outcome;
  readonly writer: StreamWriter;
}

/** A moment of the turn: at this share of its length, show this or do that. */
interface Moment {
  readonly at: number;
  readonly events?: readonly TurnEvent[];
  readonly apply?: boolean;
}

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
      writer.cut();
      if (plan.forgetsSession) turn.session.isForgotten = true;
    }
    await sandbox.clock.sleep((moment.at - passed) * length);
    passed = moment.at;
    if (moment.apply === true) await applyInTurn(sandbox, turn);
    if (!isCut) for (const event of moment.events ?? []) await emit(event);
  }
  if (isCut) return;
  if (plan.cutAt !== null) writer.cut();
  else await writer.end();
}

function durationOf(outcome: Outcome): readonly [number, number] {
  if (outcome.kind === 'question') return TEXT_MS;
  return outcome.planned.length > 0 ? GENERATION_MS : EDIT_MS;
}

function createEmit(sandbox: Sandbox, { writer }: Turn): (event: TurnEvent) => Promise<void> {
  const invocationId = `e-${sandbox.random.hex(16)}`;
  return async (event) => {
    const envelope = { invocationId, eventId: sandbox.random.hex(8), atMs: sandbox.clock.now() };
    await writer.write(encodeEvent(event, sandbox.settings.dialect, envelope));
  };
}

function toMoments(turn: Turn): Moment[] {
  const { plan, outcome } = turn;
  const odd: TurnEvent[] = [
    ...(plan.hasMalformedLine ? [{ type: 'malformed' } as const] : []),
    ...(plan.hasUnknownTypes ? [{ type: 'unknown' } as const] : []),
  ];
  const start: Moment = { at: 0.02, events: [{ type: 'heartbeat' }, ...odd] };
  if (plan.streamError !== null) {
    const { code, message } = plan.streamError;
    return [start, { at: 0.5, apply: plan.streamError.apply, events: [{ type: 'error', code, message }] }];
  }
  if (outcome.kind === 'question')
    return [start, { at: 0.5, events: [{ type: 'heartbeat' }] }, { at: 0.95, events: wordsOf(turn) }];
  const name = outcome.planned.length > 0 ? GENERATION_TOOL : plan.lateStageMs === null ? EDIT_TOOL : LATE_TOOL;
  const hasTool = plan.text === 'own' || plan.text === 'gui' || typeof plan.text === 'object';
  return [
    start,
    { at: 0.1, events: [{ type: 'thought', text: 'Working out which tracks to change.' }] },
    {
      at: 0.2,
      events: hasTool ? [{ type: 'tool-call', name, args: { operations: outcome.edits.map((edit) => edit.op) } }] : [],
    },
    ...BEATS,
    { at: 0.7, apply: true, events: hasTool ? [{ type: 'tool-result', name, result: { success: true } }] : [] },
    { at: 0.95, events: plan.isSilent ? [] : wordsOf(turn) },
  ];
}

function wordsOf({ plan, outcome, session }: Turn): TurnEvent[] {
  const language = /\p{Script=Han}/u.test(outcome.reply) ? 'zh' : toLanguage(session.language);
  const text =
    plan.text === 'own'
      ? outcome.reply
      : plan.text === 'temporary-issue'
        ? replies.temporaryIssue(language)
        : plan.text === 'question'
          ? replies.question(language)
          : plan.text === 'gui'
            ? replies.gui(language)
            : plan.text.words;
  const issue: TurnEvent[] = plan.hasTrailingIssue ? [{ type: 'text', text: replies.temporaryIssue(language) }] : [];
  if (!plan.isPartial) return [{ type: 'text', text }, ...issue];
  // Chunks, then the whole once more: who joins everything reads it twice.
  const chunks = text.match(/.{1,8}/gsu) ?? [text];
  return [
    ...chunks.map((chunk) => ({ type: 'text', text: chunk, isPartial: true }) as const),
    { type: 'text', text },
    ...issue,
  ];
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
