import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { RedisAddress } from '../../../src/shared/redis/redis-address.ts';
import { createReplication } from '../../../src/shared/redis/replication.ts';
import { openTestRedis, silentLog as log, type TestRedis } from '../../redis-server.ts';

let redis: TestRedis;
before(async () => void (redis = await openTestRedis()));
after(() => redis.close());

const several: RedisAddress = { kind: 'cluster', tls: false, nodes: [], username: null, password: null };
const connect = (t: TestContext): Redis => {
  const client = new Redis(redis.socketPath);
  t.after(() => client.disconnect());
  return client;
};

test('waits for nobody where there is one server', async (t) => {
  const address: RedisAddress = { kind: 'single', url: redis.url };
  const { isReplicated, confirm } = createReplication({ redis: connect(t), address, key: 'k', log });
  assert.equal(isReplicated, false);
  assert.equal(await confirm(), true);
});

test('goes on without a replica, and does not let each save wait for one', async (t) => {
  const client = connect(t);
  const { isReplicated, confirm } = createReplication({ redis: client, address: several, key: 'k', log });
  assert.equal(isReplicated, true);
  assert.equal(await confirm(), false);
  const startedAt = performance.now();
  for (let save = 0; save < 20; save += 1) assert.equal(await confirm(), false);
  assert.ok(performance.now() - startedAt < 400, 'later saves did not wait');
  assert.equal((await client.info('commandstats')).match(/cmdstat_wait:calls=(\d+)/)?.[1], '1');
});

test('gives up on a connection that is gone, without an error', async (t) => {
  const client = new Redis(redis.socketPath, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  t.after(() => client.disconnect());
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
  const { confirm } = createReplication({ redis: client, address: several, key: 'k', log });
  assert.equal(await confirm(), false);
});
