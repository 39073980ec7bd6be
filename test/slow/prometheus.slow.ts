/** Prometheus itself reads the figures and the alarms, where it is installed (Debian's package will do). */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocksOf, readDocument, rootPath } from '../docs/document.ts';
import { openPlace } from '../end-to-end/open-place.ts';
import { postBatch, until, untilEnded } from '../end-to-end/world.ts';
import { startService } from '../processes.ts';
import { newPrefix, openTestRedis } from '../redis-server.ts';

const has = (command: string): boolean => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
const isThere = has('prometheus') && has('promtool');
if (!isThere)
  console.error(
    '\n*** SKIPPED: prometheus and promtool are not on PATH, so neither figures nor alarms are tried by them ***\n',
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('is scraped and judged by Prometheus', { skip: !isThere && 'no prometheus' }, async (t) => {
  const redis = await openTestRedis();
  t.after(redis.close);
  const environment = { REDIS_URL: redis.url, REDIS_PREFIX: newPrefix() };
  const place = await openPlace(t, { workers: 1, environment });
  const workerPort = await freePort();
  const worker = await startService('worker', {
    ...environment,
    NEMO_API_URL: place.sandbox,
    DATA_DIR: redis.dataDir,
    WORKER_PORT: String(workerPort),
  });
  t.after(() => worker.kill());
  const files = [{ source: { url: place.clips.url('a.mp4') } }];
  await untilEnded(place.api, (await postBatch(place.api, { instructions: ['mute'], files })).id);

  const page = await (await fetch(`${place.api}/metrics`)).text();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' });
  const ours = checked.stderr.split('\n').filter((line) => line.startsWith('batch_video'));
  assert.deepEqual(ours, [], 'what promtool has against our figures');

  const folder = await mkdtemp(join(tmpdir(), 'bv-prometheus-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await copyFile(rootPath('ops/prometheus/alerts.yml'), join(folder, 'alerts.yml'));
  const job = (name: string, target: string): object => ({ job_name: name, static_configs: [{ targets: [target] }] });
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yml'],
    scrape_configs: [
      job('batch-video-api', new URL(place.api).host),
      job('batch-video-worker', `127.0.0.1:${workerPort}`),
    ],
  };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config)); // JSON is YAML
  const port = await freePort();
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const prometheus = spawn('prometheus', args, { stdio: 'ignore' });
  t.after(async () => {
    const ended = once(prometheus, 'exit');
    prometheus.kill('SIGKILL');
    await ended;
  });
  const ask = async <T>(path: string): Promise<T> =>
    ((await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as { data: T }).data;
  const query = async (text: string): Promise<string[]> => {
    const { result } = await ask<{ result: { value: [number, string] }[] }>(`query?query=${encodeURIComponent(text)}`);
    return result.map(({ value }) => value[1]);
  };
  await until('both are scraped', async () => ((await query('sum(up)'))[0] === '2' ? true : null));
  await until('workers show themselves', async () =>
    (await query('max(batch_video_workers)'))[0] === '2' ? true : null,
  );
  assert.deepEqual(await query('max(batch_video_backlog_seconds)'), ['0']);
  const judged = await until('each rule is judged', async () => {
    const { groups } = await ask<{ groups: { rules: { health: string; state: string; name: string }[] }[] }>('rules');
    const rules = groups.flatMap((group) => group.rules);
    return rules.length > 0 && rules.every(({ health }) => health !== 'unknown') ? rules : null;
  });
  assert.deepEqual(
    judged.filter(({ health }) => health !== 'ok'),
    [],
  );
  assert.deepEqual(
    judged.filter(({ state }) => state === 'firing').map(({ name }) => name),
    [],
  );
});

/** What cron would start of it, at a backlog that a process tells Prometheus; compose itself: containers-guide.slow.ts. */
test('has workers scaled by the lines of docs/operation.md', { skip: !isThere && 'no prometheus' }, async (t) => {
  let backlog = 0;
  const told = createHttpServer((_, response) => response.end(`batch_video_backlog_seconds ${backlog}\n`));
  told.listen(0, '127.0.0.1');
  await once(told, 'listening');
  t.after(() => told.close());
  const folder = await mkdtemp(join(tmpdir(), 'bv-prometheus-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const target = `127.0.0.1:${(told.address() as AddressInfo).port}`;
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'told', static_configs: [{ targets: [target] }] }],
  };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  t.after(async () => {
    const ended = once(prometheus, 'exit');
    prometheus.kill('SIGKILL');
    await ended;
  });
  const [block = ''] = blocksOf(await readDocument('docs/operation.md'), 'sh autoscale');
  const scaled = (): string =>
    spawnSync('sh', ['-c', `docker() { echo "$@"; }\n${block.replace('127.0.0.1:9090', `127.0.0.1:${port}`)}`], {
      encoding: 'utf8',
    }).stdout.trim();
  const wanted = (workers: number): string => `compose up -d --no-recreate --scale worker=${workers}`;
  assert.equal(scaled(), wanted(1), 'where nothing answers, one goes on');
  // prettier-ignore
  for (const [seconds, workers] of [[899, 1], [900.5, 2], [5400, 7], [10_000_000, 8], [0, 1]] as const) {
    backlog = seconds;
    await until(`${seconds} s: ${workers}`, async () => (scaled() === wanted(workers) ? true : null));
  }
});
