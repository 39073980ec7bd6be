/** Lanes, order and max_credits (design §4 "Lanes", §5 "Order", §6) through the whole service. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openWorld, type World } from '../end-to-end/open-world.ts';
import { getJson, postBatch, readLedger, readResults, until, untilEnded, type BatchView } from '../end-to-end/world.ts';

let world: World;

before(async () => {
  world = await openWorld();
});
after(() => world.close());

const filesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: world.clips.url(`clip-${index}.mp4`) } }));

test('runs a batch in as many sessions as it may have, one file after the other', async () => {
  const { api } = world;
  const { id } = await postBatch(api, {
    instructions: ['mute', 'trim the first 2 seconds'],
    files: filesOf(4),
    max_sessions: 2,
  });
  const batch = await untilEnded(api, id);
  const files = await readResults(api, id);
  assert.deepEqual(
    files.map(({ status, error }) => error?.code ?? status),
    Array.from({ length: 4 }, () => 'completed'),
  );
  assert.equal(batch.status, 'completed');
  const ledger = await readLedger(world.sandbox.url);
  assert.equal(ledger.sessions.length, 2);
  assert.deepEqual(
    ledger.sessions.map(({ charged }) => charged),
    [50, 50],
  );
  const texts = ledger.sessions.flatMap(({ turns }) => turns.map(({ text }) => text));
  assert.equal(texts.length, 8);
  assert.equal(new Set(texts).size, 8);
  assert.ok(texts.includes('Work on clip-3.mp4 alone, in place of what is on the timeline: mute'));
  assert.ok(texts.includes('clip-3.mp4: trim the first 2 seconds'));
});

test('holds back at max_credits, says so, and goes on when it is raised', async () => {
  const { api } = world;
  const before = (await readLedger(world.sandbox.url)).sessions.length;
  const { id } = await postBatch(api, { instructions: ['mute'], files: filesOf(4), max_credits: 100 });
  const blocked = await until('the batch is blocked', async () => {
    const batch = await getJson<BatchView & { blocked: { reason: string } | null }>(`${api}/batches/${id}`);
    return batch.status === 'blocked' ? batch : null;
  });
  assert.equal(blocked.blocked?.reason, 'max_credits');
  assert.equal(blocked.counts['completed'], 2);
  const resumed = await fetch(`${api}/batches/${id}/resume`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ max_credits: 200 }),
  });
  assert.equal(resumed.status, 202, await resumed.text());
  const done = await untilEnded(api, id);
  assert.equal(done.counts['completed'], 4);
  assert.equal((await readLedger(world.sandbox.url)).sessions.length - before, 4);
});
