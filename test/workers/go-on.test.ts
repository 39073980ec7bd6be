/** Runs that follow each other under one job: it is their lease, for the sweeper and for whoever is given it again. */
import assert from 'node:assert/strict';
import { after as afterAll, before, test, type TestContext as T } from 'node:test';
import { advance, type GoOn } from '../../src/shared/advance.ts';
import { markBatch } from '../../src/shared/bulk.ts';
import type { Context } from '../../src/shared/context.ts';
import type { FileRecord } from '../../src/shared/domain/file.ts';
import { loadFile } from '../../src/shared/load-file.ts';
import { askAgain } from '../../src/workers/ask-again.ts';
import { goesOnInPlace, untilDue } from '../../src/workers/go-on.ts';
import { openTestContext } from '../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { audit } from './audit.ts';
import { after, bring, goOn, load, newBatch, wholeWay } from './batches.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
afterAll(() => server.close());

const lease = { queue: 'edit', id: 'the-job' } as const;
const whoGoesOn: GoOn = { lease, execution: 'ours', isFor: () => true };

/** A turn has ended, and its worker goes on to the settling in place. */
async function inPlace(t: T): Promise<{ ctx: Context; batch: string; file: FileRecord; firstRun: number }> {
  const { ctx, close } = await openTestContext(server.socketPath);
  t.after(close);
  const batch = await newBatch(ctx, { files: 1 });
  await bring(ctx, batch, 0, after('turn-sent'));
  const { file } = await load(ctx, batch, 0);
  await ctx.queues.edit.remove(`${file.id}-${file.run}`);
  await ctx.queues.edit.add('edit', { file_id: file.id, run: file.run }, { jobId: lease.id });
  await markBatch(ctx, batch, 'pause');
  const ended = { type: 'turn-ended', turnId: 't', seen: true, reply: 'done', tools: [], error: null } as const;
  const moved = await advance(ctx, file.id, ended, { goOn: whoGoesOn });
  assert.ok(moved.kind === 'saved' && moved.goesOn);
  assert.equal(moved.loaded.batch.paused, true, 'what a load would say, as of this save');
  assert.equal(await ctx.queues.edit.getJob(`${file.id}-${moved.loaded.file.run}`), undefined, 'no job of its own');
  return { ctx, batch, file: moved.loaded.file, firstRun: file.run };
}

test('the sweeper leaves it alone while its job is there, and asks for it when that is gone', async (t) => {
  const { ctx, batch, file } = await inPlace(t);
  assert.equal(await askAgain(ctx, file.id), false);
  await ctx.queues.edit.remove(lease.id);
  assert.equal(await askAgain(ctx, file.id), true);
  assert.ok(await ctx.queues.edit.getJob(`${file.id}-${file.run}`));
  await audit(ctx, [batch]);
});

test('whoever is given the job again goes on at the present run, and the death is counted', async (t) => {
  const { ctx, file, firstRun } = await inPlace(t);
  const begin = (job: { queue: 'edit'; id: string }, execution: string) =>
    loadFile(ctx, file.id, { run: firstRun, execution, job });
  assert.equal(await begin({ queue: 'edit', id: 'another' }, 'theirs'), 'passed');
  const begun = await begin(lease, 'next');
  assert.ok(typeof begun === 'object');
  assert.equal(begun.file.run, file.run);
  assert.equal(begun.crashed, true);
  // Anything that plans a run for somebody else takes it from the job.
  const crashes = await advance(ctx, file.id, { type: 'state-read', run: file.run, read: stateRead('after') });
  assert.ok(crashes.kind === 'saved' && !crashes.goesOn);
  assert.equal(await begin(lease, 'next'), 'passed');
});

test('a crash in place is no crash once the run has been handed over', async (t) => {
  const { ctx, batch, file, firstRun } = await inPlace(t);
  await ctx.scripts.release(file.id, 'ours');
  const begun = await loadFile(ctx, file.id, { run: firstRun, execution: 'next', job: lease });
  assert.ok(typeof begun === 'object' && !begun.crashed);
  await markBatch(ctx, batch, 'resume');
  await goOn(ctx, batch, 0, after('turn-ended'));
  assert.equal((await load(ctx, batch, 0)).file.state.status, 'completed');
  await audit(ctx, [batch]);
});

test('goes on in place with what the same worker would take, and gives back a seat of few', async (t) => {
  const { ctx, close } = await openTestContext(server.socketPath, { EDIT_SETTLE_MS: '2000', RENDER_POLL_MS: '2000' });
  t.after(close);
  const batch = await newBatch(ctx, { files: wholeWay.length + 1 });
  const at = async (event: Parameters<typeof after>[0], more = 0) => {
    const index = after(event) + more;
    await bring(ctx, batch, index, index);
    return load(ctx, batch, index);
  };
  const uploaded = await at('uploaded');
  const settling = await at('turn-ended', 1);
  const settled = await at('turn-ended', 2);
  const rendering = await at('render-submitted');
  const goes = (queue: 'upload' | 'edit' | 'render', { file, now }: Awaited<ReturnType<typeof load>>) =>
    goesOnInPlace(queue, file, now);
  assert.equal(goes('upload', uploaded), false, 'a turn in the seat of an upload');
  assert.equal(goes('edit', settling), true, 'two seconds until it has settled');
  assert.equal(goes('edit', settled), true, 'the submit of the render');
  assert.equal(goes('edit', rendering), false, 'nobody waits for a render');
  assert.equal(goes('render', rendering), false);
  assert.equal(await untilDue(settled.file, settled.now, AbortSignal.abort()), false);
  assert.equal(await untilDue(settling.file, settling.now, AbortSignal.timeout(1)), false, 'an abort ends the wait');
});

const stateRead = (fingerprint: string) =>
  ({ fingerprint, steady: true, media: 1, generatedMedia: 0, renderable: true, timeline: null }) as const;
