/** How this turn will go wrong, drawn once at its start, and what it will answer. Draws faults; runs nothing. */
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import type { FaultParams } from './fault-table.ts';
import { takeFault } from './faults.ts';
import type { WireForm } from './stream-writer.ts';

export interface TurnPlan {
  /** When the draft changes: with the tool's result, this much after the turn (real ms), or never. */
  readonly apply: 'in-turn' | 'never' | { readonly afterMs: number };
  /** Share of the turn after which the connection breaks; null: never. */
  readonly cutAt: number | null;
  readonly forgetsSession: boolean;
  readonly isSilent: boolean;
  /** Words in place of the turn's own. */
  readonly text: 'own' | 'temporary-issue' | { readonly words: string } | 'question' | 'gui';
  readonly hasTrailingIssue: boolean;
  readonly isPartial: boolean;
  readonly hasMalformedLine: boolean;
  readonly hasUnknownTypes: boolean;
  readonly streamError: FaultParams<'stream-error'> | null;
  readonly heartbeats: FaultParams<'heartbeats-only'> | null;
  readonly stall: FaultParams<'stream-stall'> | null;
  readonly lateStageMs: number | null;
  readonly wire: WireForm;
}

export function planTurn(sandbox: Sandbox, call: Call, mediaNames: readonly string[]): TurnPlan {
  const named = mediaNames.filter((name) => call.text?.includes(name) === true);
  const take = <N extends Parameters<typeof takeFault>[2]>(name: N) => takeFault(sandbox.faults, call, name, named);
  const later = take('sse-cut-applied-later');
  const before = take('sse-cut-applied-before');
  const never = take('sse-cut-never-applied');
  const vanishes = take('session-vanishes');
  const silent = take('silent-edit') !== null || sandbox.random.next() < sandbox.settings.silentRate;
  const silentNoOp = take('silent-no-op') !== null;
  const claimed = take('claimed-no-op') !== null;
  const lone = take('temporary-issue-alone');
  const question = take('question-reply');
  const gui = take('gui-text');
  const streamError = take('stream-error');
  const heartbeats = take('heartbeats-only');
  const stall = take('stream-stall');
  const withholds = [lone, streamError, heartbeats, stall].some((params) => params !== null && !params.apply);
  const isNever = [never, vanishes, question].some((params) => params !== null) || silentNoOp || claimed || withholds;
  const words = question?.text ?? gui?.text;
  return {
    apply: isNever ? 'never' : later === null ? 'in-turn' : { afterMs: later.afterMs },
    cutAt: (later ?? before ?? never ?? vanishes)?.at ?? null,
    forgetsSession: vanishes !== null,
    isSilent: silent || silentNoOp,
    text:
      lone !== null
        ? 'temporary-issue'
        : words !== undefined
          ? { words }
          : question !== null
            ? 'question'
            : gui !== null
              ? 'gui'
              : 'own',
    hasTrailingIssue: take('temporary-issue-trailing') !== null,
    isPartial: take('partial-aggregated') !== null,
    hasMalformedLine: take('malformed-line') !== null,
    hasUnknownTypes: take('unknown-types') !== null,
    streamError,
    heartbeats,
    stall,
    lateStageMs: take('two-stage-state')?.delayMs ?? null,
    wire: {
      splitBytes: take('split-bytes') !== null,
      splitInCharacter: take('split-in-character') !== null,
      crlf: take('crlf') !== null,
      noFinalBlankLine: take('no-final-blank-line') !== null,
    },
  };
}
