/** "Says why" (design §2.7): whatever is not moving says what it waits for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import { waitingFor, type Seen, type WaitingFor } from '../../../src/shared/domain/waiting-for.ts';
import {
  after,
  aFile,
  anEnd,
  aRender,
  aTurn,
  checking,
  completed,
  delivering,
  editing,
  failedAt,
  faulted,
  output,
  parkedAt,
  read,
  rendering,
  t0,
  uploading,
} from './records.ts';

const seen: Seen = { batchPaused: false, blocked: null, accountUntil: null, accountDown: false, position: 4 };
const kept = { output, finishedAt: 1, instructions: 1, assets: 0 };
const waiting = { place: 'waiting' } as const;
const pausedUntil = { accountUntil: t0 + 500 };
const noCredits = { blocked: { reason: 'out_of_credits' } } as const;
const capped = { blocked: { reason: 'max_credits' } } as const;
const noToken = { blocked: { reason: 'token_invalid' } } as const;

const cases: readonly (readonly [string, FileRecord, Partial<Seen>, Partial<WaitingFor> | null])[] = [
  ['a queued file: a slot', aFile(), {}, { reason: 'slot', position: 4 }],
  ['a file that is listed again: a slot', editing(waiting), {}, { reason: 'slot', position: 4 }],
  ['a file of a batch in lanes: a lane', aFile(), { lanes: true }, { reason: 'lane', position: 4 }],
  ['a render of a batch in lanes: a slot', rendering(waiting), { lanes: true }, { reason: 'slot', position: 4 }],
  [
    'a message in a batch in lanes: a slot',
    editing(waiting, { kept }),
    { lanes: true },
    { reason: 'slot', position: 4 },
  ],
  [
    'a queued file of a paused batch: the pause',
    aFile(),
    { batchPaused: true, ...noCredits },
    { reason: 'pause', position: 4 },
  ],
  ['a delivery of a paused batch: a slot', delivering(waiting), { batchPaused: true }, { reason: 'slot', position: 4 }],
  ['a held file: the pause', editing({ place: 'held' }), {}, { reason: 'pause' }],
  [
    'a queued file without credits: credits',
    aFile(),
    noCredits,
    { reason: 'credits', detail: 'out_of_credits', position: 4 },
  ],
  ['a render without credits, which is free: a slot', rendering(waiting), noCredits, { reason: 'slot', position: 4 }],
  [
    'a new session above the limit: credits',
    aFile(),
    capped,
    { reason: 'credits', detail: 'max_credits', position: 4 },
  ],
  [
    'an upload into a new session above the limit: credits',
    uploading(waiting, { session: null }),
    capped,
    { reason: 'credits', detail: 'max_credits', position: 4 },
  ],
  ['a paid session above the limit: a slot', editing(waiting), capped, { reason: 'slot', position: 4 }],
  [
    'a render without a token: the token',
    rendering(waiting),
    noToken,
    { reason: 'token', detail: 'The upstream gives no valid token: set NEMO_TOKEN to a live one.', position: 4 },
  ],
  [
    'a queued file of a paused account: the rate limit',
    aFile(),
    pausedUntil,
    { reason: 'rate_limit', until: t0 + 500, position: 4 },
  ],
  [
    'a queued file of an account that is down: the upstream',
    aFile(),
    { accountDown: true },
    { reason: 'upstream', position: 4 },
  ],
  ['a pause of the account that has passed: a slot', aFile(), { accountUntil: t0 }, { reason: 'slot', position: 4 }],
  ['a parked file: credits', parkedAt(editing()), {}, { reason: 'credits', detail: 'out_of_credits' }],
  ['a file at work', editing(), {}, null],
  [
    'a file whose run is due while the account is paused: the rate limit',
    editing(),
    pausedUntil,
    { reason: 'rate_limit', until: t0 + 500 },
  ],
  [
    'a file whose run is due while the account is down: the upstream',
    uploading(),
    { accountDown: true },
    { reason: 'upstream' },
  ],
  ['an open stream while the account is paused', editing({ turn: aTurn() }), pausedUntil, null],
  [
    'a settling turn while the account is paused: the rate limit',
    editing({ turn: aTurn({ end: anEnd() }) }),
    pausedUntil,
    { reason: 'rate_limit', until: t0 + 500 },
  ],
  [
    'the look of a retry while the account is paused: the rate limit',
    editing({ turn: aTurn(), lookFirst: true }),
    pausedUntil,
    { reason: 'rate_limit', until: t0 + 500 },
  ],
  ['a delivery while the account is paused', delivering(), pausedUntil, null],
  ['a render between two polls', rendering({ render: aRender(), due: t0 + 9 }), pausedUntil, null],
  ['a completed file', completed(), noCredits, null],
  ['a failed file', failedAt(editing()), noCredits, null],
  ['a canceled file', aFile({ status: 'canceled', finishedAt: 1 }), noCredits, null],
];

for (const [name, file, changes, expected] of cases) {
  test(`says what it waits for: ${name}${expected === null ? ': nothing' : ''}`, () => {
    const full = expected === null ? null : { until: null, position: null, detail: null, ...expected };
    assert.deepEqual(waitingFor(file, { ...seen, ...changes }, t0), full);
  });
}

test('says which re-check of how many comes when', () => {
  const file = after(checking(), read(checking(), 'A'), t0);
  const expected = { reason: 'recheck', until: t0 + 60_000, position: null, detail: 're-check 2 of 5' };
  assert.deepEqual(waitingFor(file, seen, t0), expected);
  assert.equal(waitingFor(file, seen, t0 + 60_000), null);
});

test('says until when a file waits out its rate limit or backs off', () => {
  const limited = after(editing(), faulted(editing(), 'rate_limited', { until: t0 + 5000 }), t0);
  assert.deepEqual(waitingFor(limited, seen, t0), {
    reason: 'rate_limit',
    until: t0 + 5000,
    position: null,
    detail: null,
  });
  const down = after(editing(), faulted(editing(), 'server_error'), t0);
  assert.equal(waitingFor(down, seen, t0)?.reason, 'upstream');
});
