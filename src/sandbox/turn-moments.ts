/** What a turn shows and does, at which share of its length. Pure: a list, run by `turn`. */
import type { Dialect } from './dialect.ts';
import type { TurnRecord } from './ledger.ts';
import { replies, toLanguage } from './replies.ts';
import type { Session } from './store.ts';
import type { StreamWriter } from './stream-writer.ts';
import type { TurnEvent } from './turn-event.ts';
import type { TurnPlan } from './turn-plan.ts';
import type { Outcome } from './work-out.ts';

const EDIT_TOOL = 'edit_multitrack';
const GENERATION_TOOL = 'generate_video_with_seedance';
/** What adds music, titles and effects after the stream: any name but `edit_multitrack`. */
const LATE_TOOL = 'generate_background_layers';

/** One turn on its way. */
export interface Turn {
  /** Fixed at its start: a stream never changes its dialect. */
  readonly dialect: Dialect;
  readonly session: Session;
  readonly record: TurnRecord;
  readonly plan: TurnPlan;
  readonly outcome: Outcome;
  readonly writer: StreamWriter;
}

/** A moment of the turn: at this share of its length, show this or do that. */
export interface Moment {
  readonly at: number;
  readonly events?: readonly TurnEvent[];
  readonly apply?: boolean;
}

const BEATS: readonly Moment[] = [0.3, 0.4, 0.5, 0.6].map((at) => ({ at, events: [{ type: 'heartbeat' }] }));

/** What a turn shows, in order. */
export function toMoments(turn: Turn): Moment[] {
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

function wordsOf(turn: Turn): TurnEvent[] {
  const { plan, dialect } = turn;
  const text = textOf(turn);
  const issue: TurnEvent[] = plan.hasTrailingIssue ? [{ type: 'text', text: replies.temporaryIssue('en') }] : [];
  if (!plan.isPartial) return [{ type: 'text', text }, ...issue];
  const chunks = (text.match(/.{1,8}/gsu) ?? [text]).map(
    (chunk) => ({ type: 'text', text: chunk, isPartial: true }) as const,
  );
  // Then the whole once more: who joins everything reads it twice. Dialect A has no way to say which is which.
  return dialect === 'A' ? [...chunks, ...issue] : [...chunks, { type: 'text', text }, ...issue];
}

function textOf({ plan, outcome, session }: Turn): string {
  const language = /\p{Script=Han}/u.test(outcome.reply) ? 'zh' : toLanguage(session.language);
  if (typeof plan.text === 'object') return plan.text.words;
  switch (plan.text) {
    case 'own':
      return outcome.reply;
    case 'temporary-issue':
      return replies.temporaryIssue(language);
    case 'question':
      return replies.question(language);
    case 'gui':
      return replies.gui(language);
    default:
      return plan.text satisfies never;
  }
}
