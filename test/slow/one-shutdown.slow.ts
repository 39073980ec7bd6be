/** One process on its way down: what it says, how long it takes, what it leaves to the next one. Real signals. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileId } from '../../src/shared/ids.ts';
import { readFile } from '../../src/shared/read-file.ts';
import { openTestContext } from '../open-test-context.ts';
import { ask, openClosingPlace, untilNotReady, type ClosingPlace } from '../end-to-end/closing-place.ts';
import { until } from '../end-to-end/world.ts';

const drainMs = 700;
let place: ClosingPlace;

before(async () => {
  place = await openClosingPlace(drainMs);
});
after(() => place.close());

test('is not ready at once, takes nothing new, gives turn and caller DRAIN_MS, hands the turn over, ends with 0', async (t) => {
  const { address, child } = await place.start();
  t.after(() => child.kill('SIGKILL'));
  const batchId = await place.openTurn(address);
  dawdle(address);
  await until('the upload is under way', async () => ((await uploadsIn(place.folder)) > 0 ? true : null));
  const startedAt = performance.now();
  const exit = once(child, 'exit') as Promise<[number]>;
  child.kill('SIGTERM');
  await untilNotReady(address);
  const refused = await ask(`${address}/batches`, { method: 'POST' });
  assert.deepEqual([refused.status, refused.code], [503, 'closing']);
  assert.equal((await ask(`${address}/batches/${batchId}`)).status, 200, 'what is there is still told');
  assert.ok(performance.now() - startedAt < drainMs, 'all of that before the drain is over');
  const [code] = await exit;
  const tookMs = performance.now() - startedAt;
  assert.equal(code, 0);
  assert.ok(tookMs >= drainMs && tookMs < drainMs + 2000, `took ${tookMs} ms`);
  assert.equal(await uploadsIn(place.folder), 0, 'nothing is left of the cut upload');
  const { ctx, close } = await openTestContext(place.redis.socketPath, { REDIS_PREFIX: place.prefix });
  t.after(close);
  const view = await readFile(ctx, fileId(batchId, 0));
  assert.ok(view?.file.state.status === 'checking');
  assert.equal(view.file.state.crashes, 0);
  assert.notEqual(view.file.state.turn.end, null, 'the cut is noted');
  // The next run waits in its queue for another worker; nothing is left active to be found stalled.
  assert.deepEqual(await ctx.queues.edit.getJobCounts('active', 'failed'), { active: 0, failed: 0 });
});

/** Sends the beginning of an upload, and then nothing. */
function dawdle(address: string): void {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('POST /uploads?name=a.mp4 HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nabc');
}

async function uploadsIn(dataDir: string): Promise<number> {
  return (await readdir(join(dataDir, 'uploads'))).filter((name) => name.startsWith('upl_')).length;
}
