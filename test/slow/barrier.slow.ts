/** appendfsync everysec: a 202 is given once the batch is on disk. On a real Valkey, as Redis has that from 7.2 on. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openRedis, whenReady } from '../../src/shared/redis/connect.ts';
import { createKeys } from '../../src/shared/redis/keys.ts';
import { openBarrier } from '../../src/shared/redis/open-barrier.ts';
import { newPrefix, openTestRedis, silentLog } from '../redis-server.ts';

const run = promisify(execFile);
const image = 'valkey/valkey:8';
const keys = createKeys(newPrefix());

test('waits for the disk of a Valkey that writes once a second, together with all who came meanwhile', async (t) => {
  const found = await run('docker', ['image', 'inspect', image]).catch(() => null);
  if (found === null) {
    t.skip(`no Docker, or no image ${image}: NOT tested`);
    return;
  }
  const settings = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const started = await run('docker', [
    'run',
    '-d',
    '--rm',
    '-p',
    '127.0.0.1:0:6379',
    image,
    'valkey-server',
    ...settings,
  ]);
  const id = started.stdout.trim();
  t.after(() => run('docker', ['rm', '-f', id]));
  const { stdout } = await run('docker', ['port', id, '6379']);
  const url = `redis://${stdout.trim()}`;
  const connect = () => {
    const client = openRedis({ url, role: 'worker', log: silentLog });
    t.after(() => client.disconnect());
    return client;
  };
  const redis = connect();
  await whenReady(redis, 20_000);
  const barrier = await openBarrier({ redis, keys, connect });
  const times: number[] = [];
  for (let at = 0; at < 3; at += 1) {
    await redis.set('x', at);
    const from = performance.now();
    await Promise.all(Array.from({ length: 50 }, barrier.pass));
    times.push(Math.round(performance.now() - from));
  }
  t.diagnostic(`${times.join(', ')} ms`);
  const waited = times.reduce((sum, ms) => sum + ms, 0);
  assert.ok(waited < 9000, 'fifty who come together wait together');
  // A disk that is never written: no promise is made.
  await redis.config('SET', 'appendfsync', 'no');
  await redis.set('x', 'never');
  await assert.rejects(barrier.pass(), /not on disk/);
});

test('waits for nothing where Redis writes always, or cannot be asked', async (t) => {
  const server = await openTestRedis();
  t.after(server.close);
  const redis = openRedis({ url: server.url, role: 'worker', log: silentLog });
  t.after(() => redis.disconnect());
  const connect = (): never => assert.fail('no connection of its own is needed');
  for (const policy of ['everysec', 'always']) {
    await redis.config('SET', 'appendfsync', policy);
    await (await openBarrier({ redis, keys, connect })).pass();
  }
});
