/** The account's limits through the whole service: a 429 of the download, checks that wait, faults of a destination (design §5). */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext as T } from 'node:test';
import { openWorld, type World, type WorldOptions } from '../end-to-end/open-world.ts';
import { getJson, postBatch, readResults, until, untilEnded } from '../end-to-end/world.ts';

async function open(t: T, options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  t.after(world.close);
  return world;
}

const filesOf = (world: World, count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: world.clips.url(`clip-${index}.mp4`) } }));

async function inject(world: World, fault: object): Promise<void> {
  const response = await fetch(`${world.sandbox.url}/admin/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  assert.equal(response.status, 201, await response.text());
}

/** The bytes of an output are the CDN's, not the account's. */
const callsOf = (world: World) => world.sandbox.ledger().calls.filter(({ endpoint }) => endpoint !== 'file');

// Most of each is waiting.
describe('an account', { concurrency: 3 }, () => {
  test('looks at a turn without an outcome EDIT_RECHECK_FIRST_MS after its end, not after its start', async (t) => {
    const world = await open(t, { environment: { EDIT_RECHECK_FIRST_MS: '700' } });
    await inject(world, { name: 'slow', match: { endpoint: 'run_sse' }, params: { delayMs: 1000 } });
    await inject(world, { name: 'bad-gateway', match: { endpoint: 'run_sse' } });
    const { id } = await postBatch(world.api, { instructions: ['mute'], files: filesOf(world, 1) });
    const calls = await until('it is looked at', async () => {
      const seen = callsOf(world);
      const turn = seen.find(({ endpoint }) => endpoint === 'run_sse');
      const look = seen.find(({ endpoint, at }) => endpoint === 'state' && at > (turn?.at ?? Infinity));
      return turn === undefined || look === undefined ? null : { turn, look };
    });
    const waitedMs = calls.look.at - calls.turn.at;
    assert.ok(waitedMs >= 1650, `looked at ${waitedMs} ms after the turn was sent, 700 after its end at 1000`);
    await fetch(`${world.api}/batches/${id}/cancel`, { method: 'POST' });
  });

  test('obeys a 429 of the download too', async (t) => {
    const world = await open(t, { environment: { RATE_LIMIT_WAIT_MS: '500' } });
    await inject(world, { name: 'render-url-404', times: null, match: { endpoint: 'render' } });
    await inject(world, { name: 'rate-limited', match: { endpoint: 'download' }, params: { retryAfterS: 1 } });
    const { id } = await postBatch(world.api, { instructions: ['mute'], files: filesOf(world, 1) });
    assert.equal((await untilEnded(world.api, id)).counts['completed'], 1);
    const calls = callsOf(world).toSorted((one, other) => one.at - other.at);
    const at = calls.findIndex(({ status }) => status === 429);
    const gapMs = (calls[at + 1]?.at ?? 0) - (calls[at]?.at ?? 0);
    assert.ok(gapMs >= 990, `the next call came after ${gapMs} ms`);
  });

  test('closes no account for a destination that is down, and ends its file in delivery_failed', async (t) => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const world = await open(t, { environment: { UPSTREAM_GIVE_UP_MS: '1500', RATE_LIMIT_WAIT_MS: '100' } });
    const [file] = filesOf(world, 1);
    const destination = { put_url: `http://127.0.0.1:${port}/out.mp4` };
    const { id } = await postBatch(world.api, { instructions: ['mute'], files: [{ ...file, destination }] });
    const seen = new Set<string>();
    await until('it ends', async () => {
      const page = await getJson<{ data: { waiting_for: { reason: string } | null; status: string }[] }>(
        `${world.api}/batches/${id}/files`,
      );
      const { data } = page;
      if (data[0]?.waiting_for) seen.add(data[0].waiting_for.reason);
      return data[0]?.status === 'failed' ? true : null;
    });
    const [result] = await readResults(world.api, id);
    assert.equal(result?.error?.code, 'delivery_failed');
    // The balance for the estimate, before the first turn and after the last.
    const balances = callsOf(world).filter(({ endpoint }) => endpoint === 'credits').length;
    assert.ok(balances <= 3, `${balances} reads of the balance: the account was probed`);
    assert.ok(!seen.has('rate_limit'));
  });
});
