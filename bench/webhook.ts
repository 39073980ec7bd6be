/** From the poll that told the last render to be done, to the webhook at its receiver: both are the stub's own times. */
import { setTimeout as delay } from 'node:timers/promises';
import { postBatch } from './frame/api-client.ts';
import type { Bench } from './frame/bench.ts';
import { openPlace } from './frame/open-place.ts';
import { median, percentile } from './frame/row.ts';
import type { Figures } from './stub/books.ts';

const gapMs = 40;

export const webhook: Bench = {
  name: 'webhook',
  compares: 'the end of the last render with the webhook that tells of it',
  run: async ({ runs, sizes, say }) => {
    const [batches = 100] = sizes ?? [];
    const p99: number[] = [];
    const middle: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const took = await latencies(batches);
      p99.push(percentile(took, 0.99));
      middle.push(median(took));
      say(`median ${Math.round(median(took))} ms, p99 ${Math.round(percentile(took, 0.99))} ms`);
    }
    return [
      { what: 'render seen done → webhook, p99', unit: 'ms', ours: p99, goal: { kind: 'at most', value: 100 } },
      { what: 'render seen done → webhook, median', unit: 'ms', ours: middle },
    ];
  },
};

/** Batches of one file each, one after the other, some under way at a time. */
async function latencies(batches: number): Promise<number[]> {
  const place = await openPlace();
  try {
    const hook = { url: `${place.stub.address}/hook`, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
    const figures = async (): Promise<Figures> =>
      (await (await fetch(`${place.stub.address}/stub/figures`)).json()) as Figures;
    for (let at = 0; at < batches + 10; at += 1) {
      // The first ten warm up.
      const tag = at < 10 ? `warm${at}` : `told${at}`;
      await postBatch(place.api.address, {
        files: 1,
        source: `http://127.0.0.1:9/${tag}`,
        more: { webhook: hook, metadata: { tag } },
      });
      await delay(gapMs);
    }
    for (;;) {
      const { hookAt, renderSeenAt } = await figures();
      const told = Object.keys(hookAt).filter((tag) => tag.startsWith('told'));
      if (told.length === batches) return told.map((tag) => (hookAt[tag] ?? NaN) - (renderSeenAt[tag] ?? NaN));
      await delay(100);
    }
  } finally {
    await place.close();
  }
}
