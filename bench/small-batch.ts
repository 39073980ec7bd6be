/** A batch of five files beside 50,000 of another tenant that are at work: its time to the first start, beside the same batch alone. */
import { setTimeout as delay } from 'node:timers/promises';
import { getBatch, postBatch, untilEnded } from './frame/api-client.ts';
import type { Bench } from './frame/bench.ts';
import { openPlace, type Place } from './frame/open-place.ts';
import type { Figures } from './stub/books.ts';

const small = 5;
/** Long enough for slots to be what everybody waits for, as it is under the real upstream. */
const latencies = ['--turn-ms', '200-600', '--render-ms', '600-1800'];
const environment = {
  API_KEYS: 'small:key-small,large:key-large',
  MAX_IN_FLIGHT: '50',
  RENDER_POLL_MS: '600',
  UPLOAD_CONCURRENCY: '8',
};

export const smallBatch: Bench = {
  name: 'small-batch',
  compares: 'the first start of a small batch beside a large one with the same alone',
  run: async ({ runs, sizes, say }) => {
    const [files = 50_000] = sizes ?? [];
    const alone: number[] = [];
    const beside: number[] = [];
    const place = await openPlace({ stub: latencies, environment });
    try {
      // The first start of all also opens connections.
      await firstStartMs(place, 'warm');
      for (let run = 0; run < runs * 3; run += 1) alone.push(await firstStartMs(place, `alone${run}`));
      const large = await postBatch(place.api.address, { files, key: 'key-large' });
      while ((await getBatch(place.api.address, large.id, 'key-large')).counts['queued'] === files) await delay(100);
      await delay(3000);
      for (let run = 0; run < runs * 3; run += 1) {
        beside.push(await firstStartMs(place, `beside${run}`));
        say(`beside ${Math.round(beside.at(-1) ?? 0)} ms, alone ${Math.round(alone[run] ?? 0)} ms`);
      }
    } finally {
      await place.close();
    }
    return [
      {
        what: `first start of ${small} files beside ${files.toLocaleString('en')} of another tenant`,
        unit: 'ms',
        ours: beside,
        baseline: { what: 'alone', values: alone },
        goal: { kind: 'ratio at most', value: 2 },
      },
    ];
  },
};

/** From the POST to the first call for one of its files. */
async function firstStartMs(place: Place, tag: string): Promise<number> {
  const postedAt = performance.timeOrigin + performance.now();
  const batch = { files: small, source: `http://127.0.0.1:9/${tag}`, key: 'key-small' };
  const { id } = await postBatch(place.api.address, batch);
  await untilEnded(place.api.address, id, 'key-small');
  const figures = (await (await fetch(`${place.stub.address}/stub/figures`)).json()) as Figures;
  return (figures.firstUploadAt[tag] ?? NaN) - postedAt;
}
