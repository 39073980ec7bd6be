/**
 * How long 1,000 files take under the latencies of the real upstream, scaled 1:50, beside the least that capacity and
 * protocol allow: with 50 in flight, and with a capacity that nobody tells, that changes, and that answers 429.
 */
import { toCapacity, type Figures } from './stub/books.ts';
import { postBatch, untilEnded } from './frame/api-client.ts';
import type { Bench } from './frame/bench.ts';
import { openPlace } from './frame/open-place.ts';
import { median, type Row } from './frame/row.ts';
import { durationMs, fluidMs, idealMs } from './frame/schedule.ts';

/** Turn 10 to 30 s, render 30 to 90 s, poll 30 s, settling 2 s, a pause of 30 s: each ÷ 50, settling as short as may be. */
const latencies = ['--turn-ms', '200-600', '--render-ms', '600-1800'];
const waits = { settleMs: 50, pollMs: 600 };
const pauseMs = 600;
const slots = 50;
const capacityText = '40@0,25@8000,50@16000,30@24000,45@32000';

const environment = {
  MAX_IN_FLIGHT: String(slots),
  EDIT_SETTLE_MS: String(waits.settleMs),
  RENDER_POLL_MS: String(waits.pollMs),
  RATE_LIMIT_WAIT_MS: String(pauseMs),
  RATE_LIMIT_ATTEMPTS: '1000',
  UPLOAD_CONCURRENCY: '8',
};

interface Made {
  readonly ms: number;
  readonly figures: Figures;
}

export const makespan: Bench = {
  name: 'makespan',
  compares: 'the time of a batch with the least that capacity and protocol allow',
  run: async ({ full, runs, sizes, say }) => {
    const rows: Row[] = [];
    for (const files of sizes ?? [1000]) {
      const size = `${files.toLocaleString('en')} files`;
      const free: Made[] = [];
      const limited: Made[] = [];
      // A run takes 100 s, and one is like the other.
      for (let run = 0; run < (full ? runs : 1); run += 1) {
        free.push(await make(files, []));
        limited.push(await make(files, ['--capacity', capacityText]));
        say(`${Math.round(free.at(-1)?.ms ?? 0)} ms, with 429s ${Math.round(limited.at(-1)?.ms ?? 0)} ms`);
      }
      rows.push({
        what: `makespan of ${size}, 50 in flight`,
        unit: 'ms',
        ours: free.map(({ ms }) => ms),
        baseline: { what: 'ideal', values: free.map(({ figures }) => idealMs(durationsOf(figures), slots)) },
        goal: { kind: 'ratio at most', value: 1.05 },
      });
      rows.push({
        what: `makespan of ${size} with 429s`,
        unit: 'ms',
        ours: limited.map(({ ms }) => ms),
        baseline: {
          what: 'ideal with the pauses that were told',
          values: limited.map(({ figures }) => idealLimited(figures)),
        },
        goal: { kind: 'ratio at most', value: 1.25 },
      });
      rows.push({
        what: 'calls refused with 429',
        unit: '%',
        ours: [median(limited.map(({ figures }) => (100 * figures.refused) / figures.calls))],
        goal: { kind: 'at most', value: 2 },
      });
    }
    return rows;
  },
};

const durationsOf = ({ turnMs, renderMs }: Figures): number[] =>
  turnMs.map((turn, at) => durationMs({ turnMs: turn, renderMs: renderMs[at] ?? 0 }, waits));

/** A file has its slot from the turn to the poll that sees its render done; each pause that a 429 began is waited out on top. */
function idealLimited(figures: Figures): number {
  const durations = durationsOf(figures);
  const work = durations.reduce((sum, ms) => sum + ms, 0);
  return Math.max(Math.max(...durations), fluidMs(work, toCapacity(capacityText))) + pausesMs(figures.refusedAt);
}

/** Refusals within one pause are one pause, made longer. */
function pausesMs(refusedAt: readonly number[]): number {
  let until = -Infinity;
  let sum = 0;
  for (const at of refusedAt) {
    sum += at + pauseMs - Math.max(at, Math.min(until, at + pauseMs));
    until = Math.max(until, at + pauseMs);
  }
  return sum;
}

async function make(files: number, stub: readonly string[]): Promise<Made> {
  const place = await openPlace({ stub: [...latencies, ...stub], environment });
  try {
    const startedAt = performance.now();
    const { id } = await postBatch(place.api.address, { files });
    await untilEnded(place.api.address, id);
    const ms = performance.now() - startedAt;
    const figures = (await (await fetch(`${place.stub.address}/stub/figures`)).json()) as Figures;
    return { ms, figures };
  } finally {
    await place.close();
  }
}
