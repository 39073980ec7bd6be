/** The account side with the figures of the design: two worker processes, and what happens to their one account. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  admin,
  assertAllRight,
  blockedOf,
  creditsRunOut,
  filesOf,
  inject,
  tokenDiesForGood,
  upstreamGoesAway,
} from '../end-to-end/account-scenarios.ts';
import { openPlace, type Call } from '../end-to-end/open-place.ts';
import { postBatch, readResults, until, untilEnded, type BatchView } from '../end-to-end/world.ts';

test('renews a token that dies under 50 files of two workers once', async (t) => {
  const place = await openPlace(t, { workers: 2, sandbox: { timeScale: 10 } });
  const { id } = await postBatch(place.api, {
    instructions: ['mute', 'trim the first 1 second'],
    files: filesOf(place, 50),
  });
  await until('half way', async () => ((await blockedOf(place, id)).counts['completed'] ?? 0) >= 15 || null);
  await admin(place.sandbox, 'tokens/expire', {});
  const books = await assertAllRight(place, id, 50);
  assert.equal(books.calls.filter(({ endpoint }) => endpoint === 'anonymous-token').length, 2);
  assert.equal(new Set(books.tokens.map(({ clientId }) => clientId)).size, 1);
  assert.equal(books.sessions.length, 50);
  assert.ok(books.sessions.every(({ turns, charged }) => turns.length === 2 && charged === 50));
});

test('asks for no token again while the weekly quota is used up, and waits for one without end', async (t) => {
  const place = await openPlace(t, {
    workers: 2,
    sandbox: { weeklyQuota: true },
    environment: { CREDITS_RECHECK_MS: '2000' },
  });
  const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, 50) });
  await until('some are done', async () => ((await blockedOf(place, id)).counts['completed'] ?? 0) >= 5 || null);
  await admin(place.sandbox, 'tokens/expire', {});
  const from = Date.now();
  await until('it is blocked', async () => ((await blockedOf(place, id)).reason === 'token_invalid' ? true : null));
  const tokenCalls = async (): Promise<number[]> =>
    (await place.ledger()).calls
      .filter(({ endpoint, at }) => endpoint === 'anonymous-token' && at >= from)
      .map(({ at }) => at);
  await until('it was asked three times', async () => ((await tokenCalls()).length >= 3 ? true : null));
  const times = await tokenCalls();
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  t.diagnostic(`asked ${gaps.join(', ')} ms apart`);
  assert.ok(gaps.every((gap) => gap >= 1750));
  assert.equal((await blockedOf(place, id)).counts['failed'], 0);
  await admin(place.sandbox, 'config', { weeklyQuota: false });
  await assertAllRight(place, id, 50);
});

for (const endpoint of ['run_sse', 'state', 'render-poll'] as const) {
  test(`pauses 60 files of two workers for a 429 at ${endpoint}, and lets them come back one by one`, async (t) => {
    const place = await openPlace(t, {
      workers: 2,
      sandbox: { timeScale: 20 },
      environment: { RATE_LIMIT_WAIT_MS: '3000', MAX_IN_FLIGHT: '40' },
    });
    await inject(place.sandbox, { name: 'rate-limited', skip: 12, match: { endpoint }, params: { retryAfterS: 3 } });
    const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, 60) });
    const isRefused = async (): Promise<true | null> =>
      (await place.ledger()).calls.some(({ status }) => status === 429) || null;
    await until('a call is refused', isRefused);
    await until(
      'the API refuses to call',
      async () => ((await fetch(`${place.api}/credits`)).status === 502 ? true : null),
      2500,
    );
    const { calls } = await assertAllRight(place, id, 60);
    judgePause(t.diagnostic.bind(t), calls);
  });
}

const pauseMs = 3000;
/** Calls that had left, or were told of the pause a moment late (design §5: 250 ms), with room for a busy machine. */
const graceMs = 1000;

function judgePause(tell: (text: string) => void, all: readonly Call[]): void {
  const calls = all.filter(({ endpoint }) => endpoint !== 'file').toSorted((one, other) => one.at - other.at);
  const refusedAt = calls.find(({ status }) => status === 429)?.at ?? 0;
  const straggling = calls.filter(({ at }) => at > refusedAt && at < refusedAt + 1000).map(({ at }) => at - refusedAt);
  const later = calls.filter(({ at }) => at > refusedAt + graceMs);
  const first = (later[0]?.at ?? 0) - refusedAt;
  const comeBacks = new Map<string, number>();
  for (const { session, at } of later) {
    // From the end of the pause on, not from the first arrival: a busy machine delivers late, and then several at once.
    if (session !== null && !comeBacks.has(session)) comeBacks.set(session, at - refusedAt - pauseMs);
  }
  const times = [...comeBacks.values()].filter((ms) => ms < 1500);
  tell(`last call ${straggling.at(-1) ?? 0} ms after the 429, first again after ${first} ms, then ${times.join(' ')}`);
  assert.ok(first >= pauseMs - 50, `a call ${first} ms after the 429`);
  assert.equal(calls.filter(({ status }) => status === 429).length, 1, 'one was refused, one alone');
  assert.ok(times.filter((ms) => ms < 150).length <= Math.max(3, times.length * 0.5), 'the rest is spread');
}

test('gives a file up as rate_limited after RATE_LIMIT_ATTEMPTS while others go through', async (t) => {
  const place = await openPlace(t, {
    workers: 2,
    environment: { RATE_LIMIT_WAIT_MS: '200', RATE_LIMIT_ATTEMPTS: '4' },
  });
  await inject(place.sandbox, { name: 'rate-limited', times: null, match: { endpoint: 'run_sse', text: 'mute' } });
  const files = filesOf(place, 12).map((file, index) => (index === 3 ? { ...file, instructions: ['mute'] } : file));
  const { id } = await postBatch(place.api, {
    instructions: ['trim the first 1 second', 'trim the last 1 second'],
    files,
  });
  await untilEnded(place.api, id);
  const results = await readResults(place.api, id);
  assert.equal(results[3]?.error?.code, 'rate_limited');
  assert.equal(results.filter(({ status }) => status === 'completed').length, 11);
  const refused = (await place.ledger()).calls.filter(({ status }) => status === 429).length;
  t.diagnostic(`${refused} refusals`);
  assert.ok(refused >= 4 && refused <= 6);
});

test('takes a second run-out for a second episode, and the first for over once nothing is parked', async (t) => {
  const world = await openPlace(t, { workers: 0, sandbox: { credits: 50 } });
  const { id } = await postBatch(world.api, {
    instructions: ['mute'],
    files: filesOf(world, 3),
    webhook: { url: world.hooks.url, events: ['batch.blocked'] },
  });
  await until('two are parked', async () => ((await blockedOf(world, id)).parked === 2 ? true : null));
  await admin(world.sandbox, 'credits', { all: true, available: 50 });
  // Not before its turn has been charged: the top-up sets the balance.
  await until('one more is done', async () => ((await blockedOf(world, id)).counts['completed'] === 2 ? true : null));
  assert.equal((await blockedOf(world, id)).parked, 1);
  assert.equal(world.hooks.events.length, 1, 'one episode so far');
  await admin(world.sandbox, 'credits', { all: true, available: 50 });
  const done = (await untilEnded(world.api, id)) as BatchView & { credits: { spent: number; spent_is: string } };
  assert.equal(done.counts['completed'], 3);
  assert.equal(world.hooks.events.length, 1);
  assert.equal(done.credits.spent_is, 'estimated', 'a top-up makes a difference of balances meaningless');
  assert.equal(done.credits.spent, 150);
  const again = await postBatch(world.api, {
    instructions: ['mute'],
    files: filesOf(world, 1),
    webhook: { url: world.hooks.url, events: ['batch.blocked'] },
  });
  await until('it is blocked too', async () =>
    (await blockedOf(world, again.id)).reason === 'out_of_credits' ? true : null,
  );
  await until('it is told', async () => (world.hooks.events.length === 2 ? true : null));
  await admin(world.sandbox, 'credits', { all: true, available: 500 });
  await untilEnded(world.api, again.id);
  assert.equal((await readResults(world.api, again.id))[0]?.status, 'completed');
});

test('parks 20 of 30 files when credits run out for two workers', (t) => creditsRunOut(t, 10, 30, 2));
test('lets nothing of 30 files fail for an upstream that answers 502', (t) => upstreamGoesAway(t, 30, 2));
test('parks 30 files without a live token', (t) => tokenDiesForGood(t, 30, 2));

test('goes on by itself when the upstream is gone from its port and comes back', async (t) => {
  const place = await openPlace(t, {
    workers: 2,
    environment: { UPSTREAM_GIVE_UP_MS: '60000', RATE_LIMIT_WAIT_MS: '300' },
  });
  const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, 30) });
  await until('some are done', async () => ((await blockedOf(place, id)).counts['completed'] ?? 0) >= 3 || null);
  await place.stopSandbox();
  const from = performance.now();
  await until('four seconds have passed', async () => (performance.now() - from > 4000 ? true : null));
  assert.equal((await blockedOf(place, id)).counts['failed'], 0);
  await place.startSandbox();
  const batch = await untilEnded(place.api, id, 120_000);
  const left = (await readResults(place.api, id)).filter(({ status }) => status !== 'completed');
  // The new sandbox knows none of the old sessions: what was rendering there is rendered anew.
  assert.deepEqual(
    left.map(({ error }) => error?.code),
    [],
  );
  assert.equal(batch.counts['completed'], 30);
});

test('gives a file of its own 5xx up after UPSTREAM_GIVE_UP_MS, while others pass', async (t) => {
  const giveUpMs = 3000;
  const place = await openPlace(t, {
    workers: 2,
    sandbox: { timeScale: 10 },
    environment: { UPSTREAM_GIVE_UP_MS: String(giveUpMs), RATE_LIMIT_WAIT_MS: '200', MAX_IN_FLIGHT: '4' },
  });
  const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, 12) });
  const session = await until('the first file has a session', async () => {
    const [file] = await readResults(place.api, id);
    return file?.session?.id ?? null;
  });
  await inject(place.sandbox, { name: 'bad-gateway', times: null, match: { endpoint: 'render', session } });
  await untilEnded(place.api, id, 60_000);
  const results = await readResults(place.api, id);
  assert.equal(results[0]?.error?.code, 'upstream_unavailable');
  assert.equal(results.filter(({ status }) => status === 'completed').length, 11);
  const tries = (await place.ledger()).calls.filter((call) => call.status === 502).map(({ at }) => at);
  const spanMs = (tries.at(-1) ?? 0) - (tries[0] ?? 0);
  t.diagnostic(`${tries.length} tries in ${spanMs} ms`);
  assert.ok(spanMs >= giveUpMs - 100, `given up after ${spanMs} ms`);
});
