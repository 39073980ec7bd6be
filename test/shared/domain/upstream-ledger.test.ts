/**
 * Files played against a model of the upstream that keeps a ledger, with a runner that does what steps do. Streams are
 * cut, workers crash, refusals lie, edits show late, sessions vanish: each instruction is still applied exactly once.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decide } from '../../../src/shared/domain/decide.ts';
import type { FileEvent, StateRead } from '../../../src/shared/domain/events.ts';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import { nextStep } from '../../../src/shared/domain/next-step.ts';
import { aFault, aFile, aRead, output, policy, t0 } from './records.ts';

interface Entry {
  readonly instruction: number;
  /** When it shows in state; a turn goes on upstream when its reader is gone, for at most EDIT_TIMEOUT_MS. */
  readonly at: number;
}

class Play {
  file: FileRecord = { ...aFile(), instructions: ['one', 'two'] };
  now = t0;
  readonly ledger = new Map<string, Entry[]>();
  readonly lost = new Set<string>();
  private readonly dice: readonly number[];
  private rolled = 0;

  constructor(dice: readonly number[]) {
    this.dice = dice;
  }

  roll(sides: number): number {
    this.rolled += 1;
    return (this.dice[this.rolled % this.dice.length] ?? 0) % sides;
  }

  get over(): boolean {
    return this.rolled >= this.dice.length;
  }

  tell(event: FileEvent): boolean {
    const before = this.file;
    this.file = decide(before, event, this.now, policy);
    return this.file !== before;
  }

  shown(): Entry[] {
    return (this.ledger.get(this.file.session?.id ?? '') ?? []).filter(({ at }) => at <= this.now);
  }

  read(): StateRead {
    const shown = this.shown();
    return aRead(`S:${shown.map(({ instruction }) => instruction).join()}`, { generatedMedia: shown.length });
  }

  take(afterMs: number): void {
    const entries = this.ledger.get(this.file.session?.id ?? '') ?? [];
    entries.push({ instruction: this.file.applied, at: this.now + afterMs });
    this.ledger.set(this.file.session?.id ?? '', entries);
  }
}

const minute = 60_000;
const inTime = (play: Play): number => [0, 20_000, 2 * minute, 9 * minute, policy.editTimeoutMs][play.roll(5)] ?? 0;

function send(play: Play, turnId: string): void {
  const end = (seen: boolean, code: string | null = null, tools: readonly string[] = []): FileEvent => ({
    type: 'turn-ended',
    turnId,
    seen,
    reply: '',
    tools,
    error: code === null ? null : { code, upstreamCode: null, detail: '' },
  });
  const { run } = play.file;
  switch (play.roll(11)) {
    case 0: // cut, and the edit shows whenever it likes
      play.take(inTime(play));
      return void play.tell(end(false));
    case 1: // cut, and nothing ever shows
      return void play.tell(end(false));
    case 2: // we die with the stream open
      play.take(inTime(play));
      return void play.tell({ type: 'crashed', run });
    case 3: // we die before a byte has left
      return void play.tell({ type: 'crashed', run });
    case 4:
      return void play.tell({
        type: 'turn-not-taken',
        turnId,
        fault: aFault('rate_limited', { othersSucceeded: false }),
      });
    case 5: // an error event that is true
      return void play.tell(end(true, 'rate_limited'));
    case 6: // and one that is not
      play.take(inTime(play));
      return void play.tell(end(true, 'rate_limited'));
    case 7: // closed in silence, the effect a little late
      play.take(20_000);
      return void play.tell(end(true, null, ['edit_multitrack']));
    case 8: // closed, and nothing was done
      return void play.tell(end(true));
    default:
      play.take(0);
      return void play.tell(end(true, null, ['edit_multitrack']));
  }
}

function edit(play: Play): void {
  const { state, run } = play.file;
  if (state.status === 'editing' && state.turn !== null && state.turn.end === null && !state.lookFirst) {
    return void play.tell({ type: 'turn-found-open', run });
  }
  const told = play.tell({ type: 'state-read', run, read: play.read() });
  if (told || state.status !== 'editing' || state.turn !== null) return;
  const turnId = `turn-${run}-${play.now}-${play.roll(1000)}`;
  if (!play.tell({ type: 'turn-sent', run, turnId, read: play.read() })) return;
  send(play, turnId);
}

function runStep(play: Play): void {
  const { file } = play;
  const { run, state } = file;
  const trouble = play.roll(24);
  if (trouble === 0)
    return void play.tell({ type: 'call-faulted', run, ...aFault('server_error', { othersSucceeded: false }) });
  if (trouble === 1) return void play.tell({ type: 'crashed', run });
  if (trouble === 2) return void play.tell({ type: 'step-refused', run, code: 'forbidden', detail: '' });
  if (trouble === 3 && file.session !== null)
    return void play.tell({ type: 'call-faulted', run, ...aFault('session_missing') });
  switch (state.status) {
    case 'uploading':
      if (file.session === null) {
        play.tell({
          type: 'session-created',
          run,
          session: { id: `ses-${run}`, taskId: null, account: 'acc', paid: false },
        });
      }
      return void play.tell({ type: 'uploaded', run, item: 0 });
    case 'editing':
    case 'checking':
      return edit(play);
    case 'rendering':
      play.tell({ type: 'render-planned', run, renderId: output.renderId });
      return void play.tell({ type: 'rendered', run, output });
    case 'queued':
    case 'delivering':
    case 'parked':
    case 'completed':
    case 'failed':
    case 'canceled':
      throw new Error(`no step for ${state.status}`);
  }
}

function play(dice: readonly number[], check: (play: Play) => void): void {
  const game = new Play(dice);
  while (!game.over) {
    const step = nextStep(game.file, game.now);
    if (step !== null) {
      game.now += step.delayMs + game.roll(3);
      runStep(game);
    } else if (game.file.state.status === 'completed') break;
    // The caller retries at once, admission lets in whatever waits.
    else if (!game.tell({ type: 'retried' })) game.tell({ type: 'admitted', session: null, lane: null });
    game.roll(2);
    check(game);
  }
}

const dice = fc.array(fc.nat({ max: 9999 }), { minLength: 60, maxLength: 400, size: 'max' });

test('never applies an instruction twice in one session, whatever goes wrong', () => {
  fc.assert(
    fc.property(dice, (numbers) =>
      play(numbers, ({ ledger }) => {
        for (const [session, entries] of ledger) {
          const instructions = entries.map(({ instruction }) => instruction);
          assert.equal(new Set(instructions).size, instructions.length, `${session}: ${instructions.join()}`);
        }
      }),
    ),
    { numRuns: 1500, seed: 20_261_124 },
  );
});

test('completes only with each instruction applied once, in order, in the session of the output', () => {
  let completed = 0;
  fc.assert(
    fc.property(dice, (numbers) =>
      play(numbers, ({ file, ledger }) => {
        if (file.state.status !== 'completed') return;
        completed += 1;
        const entries = ledger.get(file.session?.id ?? '') ?? [];
        assert.deepEqual(
          entries.map(({ instruction }) => instruction),
          [0, 1],
        );
      }),
    ),
    { numRuns: 1500, seed: 20_261_124 },
  );
  assert.ok(completed > 500, `only ${completed} runs completed`);
});
