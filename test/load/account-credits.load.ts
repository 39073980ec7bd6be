/** Credits, tokens and outages through the whole service (design §5 "Whose fault", §6). */
import assert from 'node:assert/strict';
import { describe, test, type TestContext as T } from 'node:test';
import { creditsRunOut, inject, filesOf, tokenDiesForGood } from '../end-to-end/account-scenarios.ts';
import { openPlace } from '../end-to-end/open-place.ts';
import { getJson, postBatch, until, untilEnded, type BatchView } from '../end-to-end/world.ts';

type Spending = BatchView & { credits: { spent: number; spent_is: string } };

const openWorld = (t: T) => openPlace(t, { workers: 0, sandbox: { credits: 10_000 } });
const settledSpend = (api: string, id: string, wanted: string) =>
  until(`spent is ${wanted}`, async () => {
    const batch = await getJson<Spending>(`${api}/batches/${id}`);
    return batch.credits.spent_is === wanted ? batch.credits : null;
  });

// Most of each is waiting.
describe('an account', { concurrency: 3 }, () => {
  test('parks what credits run out for, says where to get some, and goes on by itself', (t) => creditsRunOut(t, 3, 8));
  test('parks files without a live token where NEMO_TOKEN may not be left, and goes on when it works', (t) =>
    tokenDiesForGood(t, 3));

  test('measures what a batch has cost that had the account to itself, also where its last turn failed', async (t) => {
    const world = await openWorld(t);
    const { id } = await postBatch(world.api, { instructions: ['mute'], files: filesOf(world, 3) });
    assert.equal((await untilEnded(world.api, id)).counts['completed'], 3);
    assert.deepEqual(await settledSpend(world.api, id, 'measured'), {
      estimated: 150,
      spent: 150,
      spent_is: 'measured',
    });
    await inject(world.sandbox, { name: 'claimed-no-op', match: { endpoint: 'run_sse' } });
    const failing = await postBatch(world.api, { instructions: ['mute'], files: filesOf(world, 1) });
    assert.equal((await untilEnded(world.api, failing.id)).counts['failed'], 1);
    const charged = (await world.ledger()).sessions.reduce((sum, session) => sum + session.charged, 0) - 150;
    assert.equal((await settledSpend(world.api, failing.id, 'measured')).spent, charged);
  });

  test('measures nothing of a batch that began while turns of another one ran', async (t) => {
    const world = await openWorld(t);
    await inject(world.sandbox, { name: 'slow', times: 2, match: { text: 'mute' }, params: { delayMs: 1200 } });
    const first = await postBatch(world.api, { instructions: ['mute'], files: filesOf(world, 2) });
    await until('its turns are under way', async () =>
      (await getJson<BatchView>(`${world.api}/batches/${first.id}`)).counts['editing'] === 2 ? true : null,
    );
    const second = await postBatch(world.api, { instructions: ['trim the first 1 second'], files: filesOf(world, 2) });
    for (const { id } of [first, second]) {
      const { credits } = (await untilEnded(world.api, id)) as Spending;
      assert.equal(credits.spent_is, 'estimated');
      assert.equal(credits.spent, 100);
    }
  });
});
