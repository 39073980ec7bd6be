/** Four large files at once, each leg beside curl to the same stub: in (POST /uploads), and on to the upstream (multipart). */
import { execFile } from 'node:child_process';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sendBatch, untilEnded } from './frame/api-client.ts';
import { alternate, type Bench } from './frame/bench.ts';
import { openPlace, type Place } from './frame/open-place.ts';
import { peakRssBytes } from './frame/usage.ts';
import type { Figures } from './stub/books.ts';

const atOnce = 4;
const curl = promisify(execFile);

export const uploads: Bench = {
  name: 'uploads',
  compares: 'uploads, in and on to the upstream, with curl',
  run: async ({ full, runs, sizes, say }) => {
    const [megabytes = full ? 500 : 64] = sizes ?? [];
    const place = await openPlace({ environment: { UPLOAD_CONCURRENCY: String(atOnce) } });
    const file = join(place.dataDir, 'large.mp4');
    const speed = (ms: number): number => (atOnce * megabytes) / (ms / 1000);
    try {
      await makeFile(file, megabytes);
      const pids = { api: place.api.pid, worker: place.workers[0]?.pid ?? 0 };
      await sendIn(place, await makeSmall(place));
      const before = { api: await peakRssBytes(pids.api), worker: await peakRssBytes(pids.worker) };
      const incoming = await alternate(
        { runs, warmUp: true },
        async () => speed((await sendIn(place, file)).ms),
        async () => speed(await curlAll(file, ['-T', file, '-X', 'POST', `${place.stub.address}/sink`])),
      );
      say(
        `in: ${incoming.ours.map(Math.round).join(' ')} MB/s, curl ${incoming.theirs.map(Math.round).join(' ')} MB/s`,
      );
      const outgoing = await alternate(
        { runs, warmUp: false },
        async () => speed(await sendOn(place, file)),
        async () => speed(await curlAll(file, ['-F', `files=@${file}`, `${place.stub.address}/sink`])),
      );
      say(
        `on: ${outgoing.ours.map(Math.round).join(' ')} MB/s, curl ${outgoing.theirs.map(Math.round).join(' ')} MB/s`,
      );
      const grown = async (which: 'api' | 'worker'): Promise<number> =>
        ((await peakRssBytes(pids[which])) - before[which]) / 1e6;
      const size = `${atOnce} × ${megabytes} MB`;
      const leg = (what: string, of: { ours: number[]; theirs: number[] }) => ({
        what: `${what}, ${size}`,
        unit: 'MB/s',
        ours: of.ours,
        baseline: { what: 'curl', values: of.theirs },
        goal: { kind: 'ratio at least', value: 0.7 } as const,
      });
      return [
        leg('upload in', incoming),
        leg('upload on to the upstream', outgoing),
        {
          what: `memory of the API, growth by ${size}`,
          unit: 'MB',
          ours: [await grown('api')],
          goal: { kind: 'at most', value: 64 },
        },
        {
          what: `memory of the worker, growth by ${size}`,
          unit: 'MB',
          ours: [await grown('worker')],
          goal: { kind: 'at most', value: 64 },
        },
      ];
    } finally {
      await rm(file, { force: true });
      await place.close();
    }
  },
};

/** Begins like an MP4; the rest is a hole, which reads as fast as memory. */
async function makeFile(path: string, megabytes: number): Promise<void> {
  const handle = await open(path, 'w');
  await handle.write(Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1'));
  await handle.truncate(megabytes * 1024 * 1024);
  await handle.close();
}

async function makeSmall(place: Place): Promise<string> {
  const path = join(place.dataDir, 'small.mp4');
  await makeFile(path, 1);
  return path;
}

async function curlAll(file: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const expect = ['-sSf', '-o', '/dev/null', '-H', 'expect:', '-H', `x-file: ${file.length}`];
  await Promise.all(Array.from({ length: atOnce }, () => curl('curl', [...expect, ...args])));
  return performance.now() - startedAt;
}

async function sendIn(place: Place, file: string): Promise<{ ids: string[]; ms: number }> {
  const startedAt = performance.now();
  const to = `${place.api.address}/uploads?name=clip.mp4`;
  const args = ['-sSf', '-H', 'expect:', '-H', 'content-type: video/mp4', '-X', 'POST', '-T', file, to];
  const answers = await Promise.all(Array.from({ length: atOnce }, () => curl('curl', args)));
  const ids = answers.map(({ stdout }) => (JSON.parse(stdout) as { id: string }).id);
  return { ids, ms: performance.now() - startedAt };
}

/** From the first call of the upstream until it has all bytes. */
async function sendOn(place: Place, file: string): Promise<number> {
  const { ids } = await sendIn(place, file);
  await fetch(`${place.stub.address}/stub/reset`);
  const files = ids.map((id) => ({ source: { upload_id: id }, name: 'clip.mp4' }));
  const { id } = await sendBatch(place.api.address, JSON.stringify({ instructions: ['mute'], files }));
  const startedAt = performance.now();
  const { size } = await stat(file);
  let ms = NaN;
  for (;;) {
    const { bytes } = (await (await fetch(`${place.stub.address}/stub/figures`)).json()) as Figures;
    if (bytes >= size * atOnce) {
      ms = performance.now() - startedAt;
      break;
    }
    await delay(10);
  }
  await untilEnded(place.api.address, id);
  return ms;
}
