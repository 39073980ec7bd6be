/** Reads of the API with 100,000 files there and workers at work, beside GET /healthz of the same process under the same load. */
import { Pool } from 'undici';
import { postBatch } from './frame/api-client.ts';
import type { Bench } from './frame/bench.ts';
import { openPlace, type Place } from './frame/open-place.ts';
import { percentile, type Row } from './frame/row.ts';

const perRun = 400;
/** Callers at once: as many as a dashboard and a few clients make. */
const callers = 4;

export const reads: Bench = {
  name: 'reads',
  compares: 'reads at 100,000 files under load with GET /healthz',
  run: async ({ full, runs, sizes, say }) => {
    const [files = full ? 100_000 : 20_000] = sizes ?? [];
    const place = await openPlace({
      stub: ['--turn-ms', '200-600', '--render-ms', '600-1800'],
      environment: { MAX_IN_FLIGHT: '50', RENDER_POLL_MS: '600', MAX_WAITING_FILES: '10000000' },
    });
    const pool = new Pool(place.api.address, { connections: callers });
    try {
      const ids: string[] = [];
      for (let left = files; left > 0; left -= 50_000) {
        ids.push((await postBatch(place.api.address, { files: Math.min(left, 50_000) })).id);
      }
      const paths = new Map([
        ['GET /batches/:id', `/batches/${ids[0]}`],
        ['a page of 100 files', `/batches/${ids[0]}/files?limit=100`],
        ['a page of 100 files, from the end', await lastPage(place, ids[0] ?? '', Math.min(files, 50_000))],
        ['dashboard, first data', '/dashboard/api/overview'],
      ]);
      return await measure(pool, paths, { files, runs, say });
    } finally {
      await pool.destroy();
      await place.close();
    }
  },
};

async function lastPage(place: Place, id: string, files: number): Promise<string> {
  let path = `/batches/${id}/files?limit=1000`;
  for (let seen = 1000; seen < files - 100; seen += 1000) {
    const page = (await (await fetch(place.api.address + path)).json()) as { next_cursor: string | null };
    path = `/batches/${id}/files?limit=1000&cursor=${page.next_cursor}`;
  }
  return path.replace('limit=1000', 'limit=100');
}

async function measure(
  pool: Pool,
  paths: ReadonlyMap<string, string>,
  { files, runs, say }: { files: number; runs: number; say: (line: string) => void },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [what, path] of paths) {
    await p99(pool, path, 50);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      theirs.push(await p99(pool, '/healthz', perRun));
      ours.push(await p99(pool, path, perRun));
    }
    say(
      `${what}: ${ours.map((ms) => ms.toFixed(1)).join(' ')} ms, healthz ${theirs.map((ms) => ms.toFixed(1)).join(' ')} ms`,
    );
    rows.push({
      what: `${what} at ${files.toLocaleString('en')} files under load, p99`,
      unit: 'ms',
      ours,
      baseline: { what: 'GET /healthz', values: theirs },
      goal: { kind: 'ratio at most', value: 3 },
    });
  }
  return rows;
}

async function p99(pool: Pool, path: string, count: number): Promise<number> {
  const times: number[] = [];
  const caller = async (): Promise<void> => {
    for (let at = 0; at < count / callers; at += 1) {
      const startedAt = performance.now();
      const { statusCode, body } = await pool.request({ path, method: 'GET' });
      await body.dump({ limit: 10_000_000 });
      if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return percentile(times, 0.99);
}
