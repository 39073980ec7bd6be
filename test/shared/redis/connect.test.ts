import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { Redis } from 'ioredis';
import { createLog } from '../../../src/shared/log.ts';
import { checkRedis, judgeInfo } from '../../../src/shared/redis/check-redis.ts';
import { openRedis, whenReady, type OpenRedisOptions } from '../../../src/shared/redis/connect.ts';
import { openTestRedis, silentLog as log, type TestRedis } from '../../redis-server.ts';

let redis: TestRedis;
before(async () => void (redis = await openTestRedis()));
after(() => redis.close());

/** A connection that is closed with its test, also when the test fails: it would reconnect for ever. */
function open(t: TestContext, options: OpenRedisOptions): Redis {
  const client = openRedis(options);
  t.after(() => client.disconnect());
  return client;
}

/** Not `once` of node:events: that rejects on the 'error' events of an outage. */
async function nextReconnect(client: Redis): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  client.once('reconnecting', () => resolve());
  return promise;
}

/** A way to the server that a test can cut and open again on the same path. */
async function openGate(): Promise<{ path: string; shut: () => Promise<void>; open: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-gate-'));
  const path = join(folder, 'gate.sock');
  const sockets = new Set<Socket>();
  let server: Server;
  const open = async (): Promise<void> => {
    server = createServer((inside) => {
      const outside = connect(redis.socketPath);
      for (const socket of [inside, outside]) sockets.add(socket.on('error', () => socket.destroy()));
      inside.pipe(outside).pipe(inside);
    }).listen(path);
    await once(server, 'listening');
  };
  const shut = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server, 'close');
  };
  await open();
  after(async () => {
    await shut();
    await rm(folder, { recursive: true, force: true });
  });
  return { path, shut, open };
}

test('connects by URL and by path, under a name that tells the role', async (t) => {
  for (const target of [{ url: redis.url }, { url: redis.socketPath }, { socketPath: redis.socketPath }]) {
    const client = open(t, { ...target, role: 'worker', log });
    assert.equal(await client.client('GETNAME'), 'batch-video-worker');
  }
});

test('fails a command of the API at once while Redis is away, and works again after', async (t) => {
  const gate = await openGate();
  const client = open(t, { socketPath: gate.path, role: 'api', log });
  await whenReady(client, 5_000);
  await gate.shut();
  await assert.rejects(client.get('x'));
  await assert.rejects(client.get('x'));
  await gate.open();
  await whenReady(client, 5_000);
  assert.equal(await client.get('x'), null);
});

test('lets a command of a worker wait until Redis is back', async (t) => {
  const gate = await openGate();
  const client = open(t, { socketPath: gate.path, role: 'worker', log });
  await whenReady(client, 5_000);
  await gate.shut();
  const waiting = client.incr('waited');
  await nextReconnect(client);
  await gate.open();
  assert.equal(await waiting, 1);
});

test('subscribes again by itself after an outage', async (t) => {
  const gate = await openGate();
  const client = open(t, { socketPath: gate.path, role: 'subscriber', log });
  await client.subscribe('news');
  await gate.shut();
  await nextReconnect(client);
  await gate.open();
  const message = new Promise((resolve) => client.once('message', (...got) => resolve(got)));
  const sender = open(t, { socketPath: redis.socketPath, role: 'worker', log });
  await whenReady(client, 5_000);
  while ((await sender.publish('news', 'hello')) === 0);
  assert.deepEqual(await message, ['news', 'hello']);
});

test('logs an outage once, not once an attempt, and the return', async (t) => {
  const lines: string[] = [];
  const gate = await openGate();
  const logged = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const client = open(t, { socketPath: gate.path, role: 'worker', log: logged });
  await whenReady(client, 5_000);
  await gate.shut();
  for (let attempt = 0; attempt < 4; attempt++) await nextReconnect(client);
  await gate.open();
  await whenReady(client, 5_000);
  const messages = lines.map((line) => JSON.parse(line).msg);
  assert.deepEqual(messages, ['Redis is not reachable; trying again', 'Redis is back']);
});

test('gives up waiting for a Redis that is not there', async (t) => {
  const client = open(t, { socketPath: '/nonexistent/redis.sock', role: 'api', log });
  await assert.rejects(whenReady(client, 200), /within 200 ms/);
});

test('finds nothing wrong with the embedded Redis, and what is wrong with others', async (t) => {
  const client = open(t, { socketPath: redis.socketPath, role: 'worker', log });
  const codes = async () => (await checkRedis(client)).problems.map(({ code }) => code);
  // The one of the tests need not survive a power loss.
  assert.deepEqual(await codes(), ['fsync_late']);
  await client.config('SET', 'appendfsync', 'always');
  assert.deepEqual(await codes(), []);
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await client.config('SET', 'appendonly', 'no');
  assert.deepEqual(await codes(), ['eviction_on', 'append_only_off']);
});

test('judges versions of Redis and Valkey', () => {
  const judge = (info: string) => {
    const { product, version, problems } = judgeInfo(info);
    return [product, version, ...problems.map(({ code }) => code)];
  };
  assert.deepEqual(judge('redis_version:4.0.9\r\n'), ['redis', '4.0.9', 'version_refused']);
  assert.deepEqual(judge('redis_version:5.0.0\r\n'), ['redis', '5.0.0', 'version_old']);
  assert.deepEqual(judge('redis_version:6.0.16\r\n'), ['redis', '6.0.16', 'version_old']);
  assert.deepEqual(judge('redis_version:6.2.0\r\n'), ['redis', '6.2.0']);
  assert.deepEqual(judge('redis_version:7.2.4\r\nvalkey_version:8.0.1\r\n'), ['valkey', '8.0.1']);
  assert.deepEqual(judge('nothing'), ['redis', null, 'unreadable']);
});
