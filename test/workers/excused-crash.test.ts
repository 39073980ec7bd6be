/** Whose execution died is counted; whose lease ran out because Redis was away is not (design §4). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileId } from '../../src/shared/ids.ts';
import { loadFile } from '../../src/shared/load-file.ts';
import { until } from '../end-to-end/world.ts';
import { openTestContext, type TestContext } from '../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { takeIn } from '../shared/webhook/open-webhook-context.ts';

let server: TestRedis;
let opened: TestContext;
before(async () => {
  server = await openTestRedis();
  opened = await openTestContext(server.socketPath);
});
after(async () => {
  await opened.close();
  await server.close();
});

test('counts no crash where Redis was away since the run began, and the next one again', async () => {
  const { ctx } = opened;
  const file = fileId(await takeIn(ctx, { url: 'https://receiver.example/hook' }), 0);
  const begin = async (execution: string): Promise<boolean> => {
    const loaded = await loadFile(ctx, file, { run: 0, execution });
    assert.ok(typeof loaded === 'object');
    return loaded.crashed;
  };
  assert.equal(await begin('one'), false, 'nobody before');
  assert.equal(await begin('two'), true, 'one died');
  ctx.watch.noteTrouble();
  assert.equal(await begin('three'), false, 'two may be alive: Redis was away');
  await until('that was before', async () => (ctx.watch.sinceAwayMs() > 5 ? true : null));
  await begin('three');
  assert.equal(await begin('four'), true, 'three died: nothing was away since');
  assert.equal(await begin('four'), false, 'the same execution');
  await ctx.scripts.release(file, 'four');
  assert.equal(await begin('five'), false, 'handed over');
});
