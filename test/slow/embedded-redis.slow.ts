import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { askServer } from '../../src/shared/redis/embedded/ask-server.ts';
import { serversOn } from '../../src/shared/redis/embedded/end-stray-servers.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
import { silentLog as log } from '../redis-server.ts';

const root = await realpath(await mkdtemp(join(tmpdir(), 'bv-embedded-')));
after(() => rm(root, { recursive: true, force: true }));

let count = 0;
const newDataDir = () => join(root, `d${count++}`);

async function until(isTrue: () => Promise<boolean> | boolean, what: string, deadlineMs = 10_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await isTrue())) {
    assert.ok(Date.now() < end, `not within ${deadlineMs} ms: ${what}`);
    await delay(20);
  }
}

async function onServer<T>(socketPath: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(socketPath, { maxRetriesPerRequest: null });
  client.on('error', () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

async function startHolder(dataDir: string): Promise<{ holder: ChildProcess; socketPath: string }> {
  const holder = spawn(process.execPath, [join(import.meta.dirname, '../shared/redis/embedded/holder.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [socketPath] = await once(createInterface(holder.stdout), 'line');
  return { holder, socketPath };
}

test('starts a durable server on a private socket and ends it in good order', async () => {
  const dataDir = newDataDir();
  const redis = await openEmbeddedRedis({ dataDir, log });
  assert.match(redis.version, /^\d+\.\d+\.\d+$/);
  const settings = await onServer(redis.socketPath, async (client) => {
    await client.set('kept', '1');
    const names = ['port', 'appendonly', 'appendfsync', 'maxmemory-policy', 'save', 'unixsocketperm', 'dir'];
    return Object.fromEntries(await Promise.all(names.map((name) => client.config('GET', name))));
  });
  assert.deepEqual(settings, {
    port: '0',
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
    save: '',
    unixsocketperm: '700',
    dir: join(dataDir, 'redis'),
  });
  await redis.close();
  await redis.close();
  assert.deepEqual(await serversOn(join(dataDir, 'redis')), []);
  const again = await openEmbeddedRedis({ dataDir, log });
  assert.equal(await onServer(again.socketPath, (client) => client.get('kept')), '1');
  await again.close();
});

test('never runs twice on one data folder, by whatever path it is named', async () => {
  const dataDir = newDataDir();
  const first = await openEmbeddedRedis({ dataDir, log });
  const second = openEmbeddedRedis({ dataDir: join(dataDir, '..', `${dataDir.split('/').at(-1)}`), log });
  await assert.rejects(second, { code: 'data_dir_in_use', message: new RegExp(`process ${process.pid}\\b`) });
  // The refused start has left the first one alone.
  assert.equal((await serversOn(join(dataDir, 'redis'))).length, 1);
  await first.close();
});

test('keeps all data through three kill -9 of its holder and leaves no stray server', async () => {
  const dataDir = newDataDir();
  const folder = join(dataDir, 'redis');
  for (let round = 0; round < 3; round++) {
    const { holder, socketPath } = await startHolder(dataDir);
    const written = await onServer(socketPath, (client) => client.rpush('rounds', `r${round}`));
    assert.equal(written, round + 1);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  const last = await openEmbeddedRedis({ dataDir, log });
  assert.deepEqual(await onServer(last.socketPath, (client) => client.lrange('rounds', 0, -1)), ['r0', 'r1', 'r2']);
  await last.close();
  assert.deepEqual(await serversOn(folder), []);
});

test('ends the server by itself when its holder is killed', async () => {
  const dataDir = newDataDir();
  const { holder } = await startHolder(dataDir);
  assert.equal((await serversOn(join(dataDir, 'redis'))).length, 1);
  holder.kill('SIGKILL');
  await until(async () => (await serversOn(join(dataDir, 'redis'))).length === 0, 'the watchdog ends the server');
});

test('ends a stray server that lost its watchdog, without losing its data', async () => {
  const dataDir = newDataDir();
  const { holder, socketPath } = await startHolder(dataDir);
  await onServer(socketPath, (client) => client.set('kept', 'yes'));
  const [stray = 0] = await serversOn(join(dataDir, 'redis'));
  process.kill(await watchdogOf(stray), 'SIGKILL');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  assert.equal((await askServer(socketPath))?.processId, stray);
  const next = await openEmbeddedRedis({ dataDir, log });
  const [now = 0, ...more] = await serversOn(join(dataDir, 'redis'));
  assert.ok(now !== stray && more.length === 0);
  assert.equal(await onServer(next.socketPath, (client) => client.get('kept')), 'yes');
  await next.close();
});

test('starts the server again on the same socket and data when it dies', async () => {
  const dataDir = newDataDir();
  const redis = await openEmbeddedRedis({ dataDir, log });
  await onServer(redis.socketPath, async (client) => {
    await client.set('kept', 'yes');
    const [before = 0] = await serversOn(join(dataDir, 'redis'));
    process.kill(before, 'SIGKILL');
    assert.equal(await client.get('kept'), 'yes');
    assert.notDeepEqual(await serversOn(join(dataDir, 'redis')), [before]);
  });
  await redis.close();
  assert.deepEqual(await serversOn(join(dataDir, 'redis')), []);
});

test('moves the socket to a short place under a long data folder', async () => {
  const dataDir = join(newDataDir(), 'x'.repeat(120));
  const redis = await openEmbeddedRedis({ dataDir, log });
  assert.ok(Buffer.byteLength(redis.socketPath) <= 100);
  assert.equal((await readFile(join(dataDir, 'redis', 'socket-path'), 'utf8')).trim(), redis.socketPath);
  assert.equal(await onServer(redis.socketPath, (client) => client.ping()), 'PONG');
  await redis.close();
  await assert.rejects(access(join(redis.socketPath, '..')), { code: 'ENOENT' });
});

test('says why and what to do when no server can be had', async () => {
  const cacheDir = newDataDir();
  await mkdir(cacheDir, { recursive: true });
  const signal = AbortSignal.abort(new Error('stopped by the test'));
  const start = openEmbeddedRedis({ dataDir: newDataDir(), log, searchPath: [], cacheDir, signal });
  await assert.rejects(start, /stopped by the test/);
  const none = openEmbeddedRedis({ dataDir: newDataDir(), log, searchPath: [], cacheDir: '/dev/null/none' });
  await assert.rejects(none, { code: 'no_server_found', message: /REDIS_URL=.*docker compose.*brew install/s });
});

async function watchdogOf(server: number): Promise<number> {
  const { readdir } = await import('node:fs/promises');
  for (const id of await readdir('/proc')) {
    const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('kill -TERM') && line.split('\0').includes(String(server))) return Number(id);
  }
  throw new Error('no watchdog');
}
