/** Keys are changed under load, on the real process: no call with a good key is refused, and the old one ends. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { after, before, test } from 'node:test';
import { until } from '../end-to-end/world.ts';
import { startService, type Started } from '../processes.ts';
import { newPrefix, openTestRedis, type TestRedis } from '../redis-server.ts';
import { rootPath } from '../docs/document.ts';

const keys = Array.from({ length: 6 }, (_, at) => `key-of-round-${at}`);
const callers = 8;

let folder: string;
let redis: TestRedis;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-rotation-'));
  redis = await openTestRedis();
});
after(async () => {
  await redis.close();
  await rm(folder, { recursive: true, force: true });
});

/** As the documents say: one-liner, then a file that appears in one piece. */
function hashOf(key: string): string {
  const { stdout } = spawnSync('sh', ['-c', 'printf %s "$KEY" | sha256sum'], { env: { ...process.env, KEY: key } });
  return stdout.toString().slice(0, 64);
}
async function write(path: string, good: readonly string[]): Promise<void> {
  const lines = good.map((key) => `${key} shop operator ${hashOf(key)}`);
  await writeFile(`${path}.new`, `${lines.join('\n')}\n`);
  await rename(`${path}.new`, path);
}

const statusOf = async (service: Started, key: string): Promise<number> => {
  const answer = await fetch(`${service.address}/batches?limit=1`, { headers: { authorization: `Bearer ${key}` } });
  await answer.body?.cancel();
  return answer.status;
};

for (const role of ['all', 'api'] as const) {
  test(`rotates keys under load by SIGHUP (${role})`, async (t) => {
    const path = join(folder, `keys-${role}`);
    await write(path, keys.slice(0, 1));
    const lines: string[] = [];
    const environment = {
      REDIS_URL: redis.url,
      REDIS_PREFIX: newPrefix(),
      DATA_DIR: join(folder, role),
      NEMO_API_URL: 'http://127.0.0.1:9',
      API_KEYS_FILE: path,
      API_KEYS: 'ops:ops-key:admin',
    };
    const service = await startService(role, environment, { onLine: (line) => lines.push(line) });
    t.after(() => service.kill());
    let current = keys[0]!;
    let calls = 0;
    const refused: number[] = [];
    const stop = new AbortController();
    const load = Array.from({ length: callers }, async () => {
      while (!stop.signal.aborted) {
        for (const key of [current, 'ops-key']) {
          const status = await statusOf(service, key);
          calls += 1;
          if (status !== 200) refused.push(status);
        }
      }
    });
    for (const [at, key] of keys.entries()) {
      if (at === 0) continue;
      const old = keys[at - 1]!;
      await write(path, [old, key]);
      service.child.kill('SIGHUP');
      await until('the new key is good', async () => ((await statusOf(service, key)) === 200 ? true : null));
      current = key;
      // Calls that began with the old one have ended when two more rounds of calls have.
      const seen = calls;
      await until('callers use the new key', async () => (calls > seen + 4 * callers ? true : null));
      await write(path, [key]);
      service.child.kill('SIGHUP');
      await until('the old key is refused', async () => ((await statusOf(service, old)) === 401 ? true : null));
    }
    await writeFile(path, 'a shop operator nonsense\nb shop boss\n');
    service.child.kill('SIGHUP');
    const told = await until('the fault is told', async () => lines.find((line) => line.includes('not taken')) ?? null);
    assert.match(told, /line 1: sha256.*line 2: role.*line 2: sha256/);
    assert.equal(await statusOf(service, current), 200, 'the old keys stay');
    stop.abort();
    await Promise.all(load);
    t.diagnostic(`${calls} calls`);
    assert.deepEqual(refused, []);
    assert.equal(service.child.exitCode, null);
  });
}

test('a worker goes on at SIGHUP, too', async (t) => {
  const environment = { REDIS_URL: redis.url, REDIS_PREFIX: newPrefix(), DATA_DIR: folder, NEMO_API_URL: 'http://127.0.0.1:9', WORKER_PORT: '0' }; // prettier-ignore
  const worker = await startService('worker', environment);
  t.after(() => worker.kill());
  worker.child.kill('SIGHUP');
  worker.child.kill('SIGHUP');
  const ended = new Promise((resolve) => worker.child.once('exit', (code) => resolve(code)));
  worker.child.kill('SIGTERM');
  assert.equal(await ended, 0, 'it ended in good order, at SIGTERM');
});

test('a wrong file stops the start, with every problem of it and of the environment in one message', async () => {
  const path = join(folder, 'wrong');
  await writeFile(path, 'a shop operator nonsense\nb shop boss\n');
  const { status, stderr } = spawnSync(execPath, [rootPath('src/main.ts'), 'api'], {
    env: { PATH: process.env['PATH'], API_KEYS_FILE: path, LOCK_MS: 'soon' },
    timeout: 20_000,
  });
  assert.equal(status, 2);
  assert.match(stderr.toString(), /LOCK_MS.*\n.*line 1: sha256.*\n.*line 2: role.*\n.*line 2: sha256/);
});
