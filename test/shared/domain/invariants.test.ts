/**
 * What holds after any events in any order: stale runs, repeats and wrong ids among them. The events need not make
 * sense together.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { countStatuses, isFinal } from '../../../src/shared/domain/batch.ts';
import { decide } from '../../../src/shared/domain/decide.ts';
import { effectsOf, type Effects } from '../../../src/shared/domain/effects.ts';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import { progressSchema, type FileRecord } from '../../../src/shared/domain/file.ts';
import { fileStatuses, type Turn } from '../../../src/shared/domain/file-state.ts';
import { nextStep } from '../../../src/shared/domain/next-step.ts';
import { maxCrashes, maxRestarts } from '../../../src/shared/domain/policy.ts';
import { catalogue } from './event-catalogue.ts';
import { aFile, logo, policy, t0, withDestination } from './records.ts';

interface Step {
  readonly before: FileRecord;
  readonly event: FileEvent;
  readonly after: FileRecord;
  readonly now: number;
}

const names = Object.keys(catalogue);
const command = fc.record({
  which: fc.nat({ max: 2 }),
  /** Five in six events are ones that the file may be waiting for, or no long run would get anywhere. */
  likely: fc.constantFrom(true, true, true, true, true, false),
  pick: fc.nat({ max: names.length * 12 }),
  stale: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 1),
  fingerprint: fc.constantFrom('A', 'A', 'B', 'B', 'B', 'C'),
  flag: fc.boolean(),
  afterMs: fc.constantFrom(0, 1, 2000, 60_000, 60_000, 1_000_000),
  waitMs: fc.option(fc.constantFrom(-1000, 30_000)),
});

/** What a file in this state may well hear next. */
function likelyNext({ state, session }: FileRecord): readonly string[] {
  if ('place' in state && state.place === 'waiting') return ['admitted'];
  if ('place' in state && state.place === 'held') return ['released'];
  switch (state.status) {
    case 'queued':
      return ['admitted', 'admitted', 'admitted to a lane'];
    case 'uploading':
      if (session === null) return ['session-created'];
      return state.mark === null ? ['upload-marked'] : ['uploaded', 'uploaded', 'upload-looked-for', 'crashed'];
    case 'editing':
      if (state.lookFirst || (state.turn !== null && state.turn.end !== null)) return ['state-read'];
      if (state.turn === null) return ['turn-sent', 'turn-sent', 'state-read', 'held'];
      return ['turn-ended', 'turn-ended', 'turn-ended cut', 'turn-ended rate_limited', 'turn-found-open'];
    case 'checking':
      return ['state-read'];
    case 'rendering':
      if (state.render === null) return ['render-planned'];
      return ['render-submitted', 'render-going-on', 'rendered', 'rendered', 'render-failed'];
    case 'delivering':
      return ['delivered', 'delivered', 'delivery-refused'];
    case 'parked':
      return ['unparked'];
    case 'completed':
      return ['told more', 'told more', 'told to render', 'given assets'];
    case 'failed':
      return ['retried'];
    case 'canceled':
      return ['retried', 'told more'];
  }
}

function chosen(file: FileRecord, likely: boolean, pick: number): string {
  const from = likely ? likelyNext(file) : names;
  return from[pick % from.length] ?? 'admitted';
}

const start = (): FileRecord[] => [
  { ...aFile(), id: 'fil_0' },
  { ...withDestination(aFile()), id: 'fil_1', instructions: ['one'], assets: [logo] },
  { ...aFile(), id: 'fil_2', assets: [logo], instructions: ['one', 'two', 'three'] },
];

function holdsAfterAnyEvents(
  check: (history: readonly Step[], files: readonly FileRecord[]) => void,
  runs = 300,
): void {
  fc.assert(
    fc.property(fc.array(command, { minLength: 20, maxLength: 120, size: 'max' }), (commands) => {
      const files = start();
      const history: Step[] = [];
      let now = t0;
      for (const [nonce, { which, likely, pick, afterMs, waitMs, ...dice }] of commands.entries()) {
        const before = files[which];
        assert.ok(before);
        const make = catalogue[chosen(before, likely, pick)];
        assert.ok(make);
        now += afterMs;
        const event = make(before, { ...dice, nonce, until: waitMs === null ? null : now + waitMs });
        const after = decide(before, event, now, policy);
        files[which] = after;
        history.push({ before, event, after, now });
      }
      check(history, files);
    }),
    { numRuns: runs, seed: 20_261_124 },
  );
}

const each = (check: (step: Step) => void, runs?: number) => () =>
  holdsAfterAnyEvents((history) => history.forEach(check), runs);

const turnOf = ({ state }: FileRecord): Turn | null =>
  state.status === 'editing' || state.status === 'checking' ? state.turn : null;

test(
  'leaves a final state for a retry or a message alone',
  each(({ before, event, after }) => {
    if (!isFinal(before.state.status) || after === before) return;
    assert.ok(
      (before.state.status === 'failed' && event.type === 'retried') ||
        (before.state.status === 'completed' && event.type === 'messaged'),
    );
  }),
);

test(
  'takes a stale event for nothing',
  each(({ before, event, after }) => {
    if ('run' in event && event.run !== before.run) assert.equal(after, before);
  }),
);

test(
  'takes an event that it is told twice for one',
  each(({ event, after, now }) => {
    // A run can crash more than once: that event counts each time.
    if (event.type !== 'crashed') assert.equal(decide(after, event, now, policy), after);
  }),
);

test(
  'raises the run by one exactly when another execution is planned',
  each(({ before, after, now }) => {
    assert.ok(after.run === before.run || after.run === before.run + 1);
    const [old, next] = [nextStep(before, now), nextStep(after, now)];
    if (old !== null && next !== null) assert.equal(old.id !== next.id, after.run !== before.run);
    if ((old === null) !== (next === null)) assert.equal(after.run, before.run + 1);
    if (after.state.status !== before.state.status) assert.equal(after.run, before.run + 1);
  }),
);

test(
  'has a next step exactly for what is unfinished and has its slot',
  each(({ after, now }) => {
    const { state } = after;
    assert.equal(nextStep(after, now) !== null, 'place' in state && state.place === 'in');
  }),
);

test(
  'sends a turn only where none is open or unknown',
  each(({ before, event, after }) => {
    if (event.type !== 'turn-sent' || after === before) return;
    assert.equal(before.state.status, 'editing');
    assert.equal(turnOf(before), null);
    assert.equal(turnOf(after)?.id, event.turnId);
    assert.equal(after.session?.id, before.session?.id);
  }),
);

/** Why a turn may stop being open: its effect is settled, it was proved not taken, or its session is given up. */
test(
  'never forgets a turn whose outcome is unknown',
  each(({ before, event, after }) => {
    const turn = turnOf(before);
    if (turn === null || turnOf(after)?.id === turn.id || before.session?.id !== after.session?.id) return;
    const { state } = after;
    if ((state.status === 'failed' || state.status === 'parked') && turnOf({ ...after, state: state.at })) return;
    if (after.applied === before.applied + 1) return;
    if (event.type === 'turn-not-taken') return;
    if (state.status === 'canceled' || (state.status === 'completed' && before.kept !== null)) return;
    const looked = before.state.status === 'editing' && before.state.lookFirst;
    assert.ok(event.type === 'state-read' && event.read.fingerprint === turn.before);
    assert.ok(looked || turn.errorCode === 'rate_limited' || turn.errorCode === 'out_of_credits');
  }),
);

test(
  'applies instructions of a session one by one, each once',
  each(({ before, event, after }) => {
    if (before.session?.id !== after.session?.id) {
      assert.equal(after.applied, 0);
      return;
    }
    assert.ok(after.applied === before.applied || after.applied === before.applied + 1);
    if (after.applied === before.applied) return;
    assert.ok(event.type === 'state-read' && turnOf(before) !== null);
  }),
);

test(
  'renders only when each instruction is applied in the present session',
  each(({ after }) => {
    assert.ok(after.applied <= after.instructions.length);
    if (after.state.status === 'rendering' || after.state.status === 'delivering') {
      assert.equal(after.applied, after.instructions.length);
    }
    if (after.state.status === 'completed' && after.session !== null) {
      assert.equal(after.applied, after.instructions.length);
    }
  }),
);

test('uploads each item once into a session, unless the call was proved not taken or looked for', () => {
  holdsAfterAnyEvents((history) => {
    const marked = new Set<string>();
    for (const { before, event, after } of history) {
      const key = `${after.id} ${after.session?.id} ${after.uploaded}`;
      const marks = event.type === 'upload-marked' || event.type === 'session-created';
      if (after !== before && marks) {
        assert.ok(!marked.has(key), key);
        marked.add(key);
      }
      const mayRepeat =
        (event.type === 'call-faulted' && event.markedCall === true) ||
        (event.type === 'upload-looked-for' && !event.found);
      if (mayRepeat && after !== before) marked.delete(`${after.id} ${before.session?.id} ${before.uploaded}`);
      // Given back: what is uploaded next under these numbers is another message's asset.
      if (before.kept !== null && after.kept === null) {
        for (let item = after.uploaded; item <= before.uploaded; item += 1) {
          marked.delete(`${after.id} ${after.session?.id} ${item}`);
        }
      }
    }
  });
});

test('keeps counters, bill, lists and the set in flight by effects alone', () => {
  holdsAfterAnyEvents((history, files) => {
    const counts: Record<string, number> = { ...countStatuses(start().map(({ state }) => state.status)) };
    const paid = new Map<string, number>();
    const inFlight = new Set<string>();
    const lists = new Map<string, Effects['joins']>();
    for (const { before, after } of history) {
      const effects = effectsOf(before, after);
      counts[effects.from] = (counts[effects.from] ?? 0) - 1;
      counts[effects.to] = (counts[effects.to] ?? 0) + 1;
      paid.set(after.id, (paid.get(after.id) ?? 0) + effects.paidDelta);
      if (effects.inFlight) inFlight.add(after.id);
      else inFlight.delete(after.id);
      if (effects.joins !== null) lists.set(after.id, effects.joins === 'free' ? 'free' : 'batch');
      if (nextStep(after, 0) !== null || !('place' in after.state)) lists.delete(after.id);
      assert.ok(after.paidSessions >= 0);
      assert.equal(effects.due === null, nextStep(after, 0) === null);
    }
    assert.deepEqual(counts, { ...countStatuses(files.map(({ state }) => state.status)) });
    for (const { id, state, paidSessions } of files) {
      assert.equal(paid.get(id) ?? 0, paidSessions);
      const working = ['uploading', 'editing', 'checking', 'rendering'].includes(state.status);
      assert.equal(inFlight.has(id), working && 'place' in state && state.place === 'in');
      const waiting = 'place' in state && state.place === 'waiting';
      const free = state.status === 'rendering' || state.status === 'delivering';
      if (waiting) assert.equal(lists.get(id), free ? 'free' : 'batch');
    }
  });
});

test(
  'keeps at most one step open, and none of a file that has ended',
  each(({ after }) => {
    const open = after.steps.filter(({ finishedAt }) => finishedAt === null).length;
    assert.ok(open <= (isFinal(after.state.status) ? 0 : 1), JSON.stringify(after.steps));
    const keys = after.steps.map(({ step, instruction, sessionId }) => `${step} ${instruction} ${sessionId}`);
    assert.equal(new Set(keys).size, keys.length);
  }),
);

test(
  'stays within its bounds',
  each(({ after }) => {
    assert.ok(after.restarts <= maxRestarts);
    assert.ok(!('crashes' in after.state) || after.state.crashes < maxCrashes);
    assert.ok(after.uploaded <= 1 + after.assets.length);
    if (after.state.status === 'rendering') assert.ok((after.state.render?.polls ?? 0) < policy.renderMaxPolls);
  }),
);

test(
  'reads back from storage what it stored',
  each(({ before, after }) => {
    if (after.state.status === before.state.status) return;
    const stored: unknown = JSON.parse(JSON.stringify(after));
    const progress = progressSchema.parse(stored);
    assert.deepEqual({ ...after, ...progress }, after);
    assert.deepEqual(progressSchema.strip().parse(progress), progress);
  }, 60),
);

test('gets far enough in the runs above to be worth looking at', () => {
  const reached = new Map<string, number>();
  const count = (what: string): unknown => reached.set(what, (reached.get(what) ?? 0) + 1);
  holdsAfterAnyEvents((history) => {
    for (const { before, event, after } of history) {
      if (after === before) continue;
      count(after.state.status);
      if (event.type === 'turn-sent' && before.steps.length > 3) count('a later turn');
      if (before.kept !== null && after.kept === null) count('the end of a message');
    }
  });
  for (const what of [...fileStatuses, 'a later turn', 'the end of a message']) {
    if (what !== 'queued') assert.ok((reached.get(what) ?? 0) > 10, `${what}: ${reached.get(what)}`);
  }
});
