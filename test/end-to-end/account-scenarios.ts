/** What may happen to an account while a batch runs, with as many files and processes as the suite has time for. */
import assert from 'node:assert/strict';
import type { TestContext as T } from 'node:test';
import { openPlace, type Books, type Place } from './open-place.ts';
import { getJson, postBatch, readResults, until, untilEnded, type BatchView } from './world.ts';

export const filesOf = ({ clips }: Pick<Place, 'clips'>, count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: clips.url(`clip-${index}.mp4`) } }));

export async function admin(sandbox: string, path: string, body: object): Promise<void> {
  const response = await fetch(`${sandbox}/admin/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.text()}`);
}

export const inject = (sandbox: string, fault: object): Promise<void> => admin(sandbox, 'faults', fault);

interface Blockable extends BatchView {
  readonly blocked: { readonly reason: string; readonly help_url: string | null } | null;
}

export async function blockedOf({ api }: Place, id: string) {
  const { blocked, counts } = await getJson<Blockable>(`${api}/batches/${id}`);
  return { reason: blocked?.reason ?? null, helpUrl: blocked?.help_url ?? null, parked: counts['parked'] ?? 0, counts };
}

const waitsOf = async ({ api }: Place, id: string) => {
  const { data } = await getJson<{
    data: { status: string; waiting_for: { reason: string; detail: string | null } | null }[];
  }>(`${api}/batches/${id}/files?limit=1000`);
  return data;
};

export async function assertAllRight(place: Place, id: string, count: number): Promise<Books> {
  const batch = await untilEnded(place.api, id, 120_000);
  const files = await readResults(place.api, id);
  assert.deepEqual(
    files
      .filter(({ status }) => status !== 'completed')
      .map(({ index, error, status }) => [index, status, error?.code]),
    [],
  );
  assert.equal(batch.counts['completed'], count);
  const books = await place.ledger();
  assert.deepEqual(books.repeated_turns, []);
  return books;
}

/** Credits for `paid` of `count` files, then a top-up in two parts. */
export async function creditsRunOut(t: T, paid: number, count: number, workers = 0): Promise<void> {
  const recheckMs = 500;
  const place = await openPlace(t, { workers, sandbox: { credits: paid * 50 } });
  const { id } = await postBatch(place.api, {
    instructions: ['mute'],
    files: filesOf(place, count),
    webhook: { url: place.hooks.url, events: ['batch.blocked'] },
  });
  const blocked = await until('all that is not paid is parked or waits, all that is has ended', async () => {
    const seen = await blockedOf(place, id);
    const { completed = 0, queued = 0 } = seen.counts;
    return completed === paid && seen.parked + queued === count - paid ? seen : null;
  });
  assert.equal(blocked.reason, 'out_of_credits');
  assert.match(blocked.helpUrl ?? '', /\/register\?bind=anon_/);
  const reasons = new Set((await waitsOf(place, id)).flatMap(({ waiting_for: wait }) => wait?.reason ?? []));
  assert.deepEqual([...reasons], ['credits']);
  await until('it is told', async () => (place.hooks.events.length > 0 ? true : null));
  const sessions = new Set((await place.ledger()).sessions.map(({ id: session }) => session));
  // Enough for two: no more than two are let go in one look.
  await admin(place.sandbox, 'credits', { all: true, available: 100 });
  await until('two more have ended', async () =>
    (await blockedOf(place, id)).counts['completed'] === paid + 2 ? true : null,
  );
  await admin(place.sandbox, 'credits', { all: true, available: 1_000_000 });
  const from = performance.now();
  await until('something goes on', async () => {
    const { counts } = await blockedOf(place, id);
    return (counts['completed'] ?? 0) > paid + 2 || (counts['editing'] ?? 0) + (counts['rendering'] ?? 0) > 0
      ? true
      : null;
  });
  assert.ok(performance.now() - from < recheckMs + 5000);
  const books = await assertAllRight(place, id, count);
  assert.deepEqual(
    books.sessions.map(({ charged }) => charged),
    Array.from({ length: count }, () => 50),
  );
  for (const session of sessions) assert.ok(books.sessions.some((one) => one.id === session && one.turns.length === 1));
  assert.equal(place.hooks.events.length, 1, 'one episode');
  assert.equal((await blockedOf(place, id)).reason, null);
}

const sessionOf = ({ session }: { readonly session: string | null }): string | null => session;

/** The upstream answers 502 to everything for a while. */
export async function upstreamGoesAway(t: T, count: number, workers = 0): Promise<void> {
  const place = await openPlace(t, {
    workers,
    environment: { UPSTREAM_GIVE_UP_MS: '60000', RATE_LIMIT_WAIT_MS: '300', MAX_IN_FLIGHT: '4' },
  });
  const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, count) });
  await until('a turn was taken', async () =>
    (await place.ledger()).calls.some(({ endpoint }) => endpoint === 'run_sse') ? true : null,
  );
  await inject(place.sandbox, { name: 'bad-gateway', times: null });
  const waiting = await until('everybody waits for the upstream', async () => {
    const seen = (await waitsOf(place, id)).filter(({ status }) => status !== 'completed');
    // A checked turn says that it is checked.
    return seen.every(({ waiting_for: wait }) => wait?.reason === 'upstream' || wait?.reason === 'recheck')
      ? seen
      : null;
  });
  assert.ok(waiting.length > 0);
  // From here on: a balance that was read for a first turn is no probe.
  const downAt = Date.now();
  const admitted = (await blockedOf(place, id)).counts['queued'];
  await until('three probes have gone out', async () => {
    const probes = (await place.ledger()).calls.filter(({ endpoint, at }) => endpoint === 'credits' && at > downAt);
    return probes.length >= 3 ? true : null;
  });
  assert.equal((await blockedOf(place, id)).counts['queued'], admitted, 'nothing is admitted');
  assert.equal((await blockedOf(place, id)).counts['failed'], 0);
  await fetch(`${place.sandbox}/admin/faults`, { method: 'DELETE' });
  await untilEnded(place.api, id, 120_000);
  // Design §4 (5): a turn that went out into the outage stays unconfirmed; nothing else may end for it.
  const { calls, repeated_turns: repeated } = await place.ledger();
  const sentInto = new Set(calls.filter((call) => call.endpoint === 'run_sse' && call.status === 502).map(sessionOf));
  const ends = (await readResults(place.api, id)).map(({ index, status, error, session }) => {
    const isHonest = error?.code === 'edit_unconfirmed' && sentInto.has(session?.id ?? null);
    return isHonest || status === 'completed' ? null : [index, error?.code ?? status];
  });
  assert.deepEqual(
    ends.filter((end) => end !== null),
    [],
  );
  assert.deepEqual(repeated, []);
  t.diagnostic(`${sentInto.size} turns were sent into the outage`);
}

/** A NEMO_TOKEN that may not be left dies and comes back. */
export async function tokenDiesForGood(t: T, count: number, workers = 0): Promise<void> {
  const place = await openPlace(t, {
    workers,
    sandbox: { tokens: [{ token: 'registered-token', credits: 10_000 }] },
    environment: { NEMO_TOKEN: 'registered-token', NEMO_TOKEN_FALLBACK: 'fail' },
  });
  await admin(place.sandbox, 'tokens/expire', {});
  const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, count) });
  await until('it is blocked', async () => ((await blockedOf(place, id)).reason === 'token_invalid' ? true : null));
  // Those in flight find out one after the other.
  await until('everybody waits for a token, and is told what to do', async () => {
    const waits = await waitsOf(place, id);
    const isTold = waits.every(
      ({ waiting_for: wait }) => wait?.reason === 'token' && /NEMO_TOKEN/.test(wait.detail ?? ''),
    );
    return isTold ? true : null;
  });
  await admin(place.sandbox, 'tokens', { token: 'registered-token', credits: 10_000 });
  const books = await assertAllRight(place, id, count);
  assert.equal(books.calls.filter(({ endpoint }) => endpoint === 'anonymous-token').length, 0);
}
