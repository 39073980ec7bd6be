/** How late 1,000 readers of a batch hear of a change, while its files move. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { postBatch } from './frame/api-client.ts';
import type { Bench } from './frame/bench.ts';
import { openPlace } from './frame/open-place.ts';

interface Late {
  readonly events: number;
  readonly p50: number;
  readonly p99: number;
}

const files = 50;

export const sse: Bench = {
  name: 'sse',
  compares: 'how late 1,000 readers hear of a change',
  run: async ({ runs, sizes, say }) => {
    const [readers = 1000] = sizes ?? [];
    const all: Late[] = [];
    for (let run = 0; run < runs; run += 1) {
      const late = await measure(readers);
      all.push(late);
      say(`${late.events} events, median ${Math.round(late.p50)} ms, p99 ${Math.round(late.p99)} ms`);
    }
    return [
      {
        what: `a change → ${readers.toLocaleString('en')} readers, p99`,
        unit: 'ms',
        ours: all.map(({ p99 }) => p99),
        goal: { kind: 'at most', value: 250 },
      },
      {
        what: `a change → ${readers.toLocaleString('en')} readers, median`,
        unit: 'ms',
        ours: all.map(({ p50 }) => p50),
      },
    ];
  },
};

/** Readers first: the worker starts when all of them listen. */
async function measure(readers: number): Promise<Late> {
  const environment = { MAX_IN_FLIGHT: '10', RENDER_POLL_MS: '1000' };
  const place = await openPlace({
    workers: 0,
    stub: ['--turn-ms', '500-1500', '--render-ms', '500-1500'],
    environment,
  });
  try {
    const { id } = await postBatch(place.api.address, { files });
    const url = `${place.api.address}/batches/${id}/events`;
    const args = [join(import.meta.dirname, 'readers', 'main.ts'), '--url', url, '--readers', String(readers)];
    const child = spawn(execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    let last = '';
    const listening = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'listening') listening.resolve();
      last = line;
    });
    await listening.promise;
    await place.startWorker();
    await ended;
    return JSON.parse(last) as Late;
  } finally {
    await place.close();
  }
}
