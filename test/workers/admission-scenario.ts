/** Random lives of batches against the real scripts and the model at once; the seed is told, so that one can be had again. */
import type { TestContext } from 'node:test';
import * as fc from 'fast-check';
import { openTestContext } from '../open-test-context.ts';
import { openTestRedis } from '../redis-server.ts';
import { commands, sweep } from './admission-commands.ts';
import { newModel } from './admission-model.ts';

export async function agreeOnAdmission(
  t: TestContext,
  { runs, most }: { readonly runs: number; readonly most: number },
): Promise<void> {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed} (FC_SEED)`);
  const server = await openTestRedis();
  t.after(server.close);
  const settings = { window: 6, maxAwaiting: 4, weights: { ann: 1, bob: 2, eve: 0.5 } };
  const { ctx, close } = await openTestContext(server.socketPath, { MAX_IN_FLIGHT: '6', UPLOAD_CONCURRENCY: '4' });
  t.after(close);
  const property = fc.asyncProperty(commands(most), async (list) => {
    await ctx.redis.flushall();
    const model = newModel(settings);
    await fc.asyncModelRun(() => ({ model, real: ctx }), list);
    // Whatever was left half done: one sweep later all agrees.
    await sweep().run(model, ctx);
  });
  await fc.assert(property, { numRuns: runs, seed, endOnFailure: false });
}
