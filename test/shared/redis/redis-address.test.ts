import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster, Redis } from 'ioredis';
import { createClient } from '../../../src/shared/redis/create-client.ts';
import { toRedisAddress } from '../../../src/shared/redis/redis-address.ts';

test('reads a set of Sentinels, with the user of the master and that of the Sentinels', () => {
  const text = 'rediss+sentinel://ann:p%40ss:w@a:1,b,[::1]:3/my-master/2?sentinel_user=sam&sentinel_password=s%26t';
  assert.deepEqual(toRedisAddress(text), {
    kind: 'sentinel',
    tls: true,
    nodes: [
      { host: 'a', port: 1 },
      { host: 'b', port: 26379 },
      { host: '::1', port: 3 },
    ],
    username: 'ann',
    password: 'p@ss:w',
    master: 'my-master',
    db: 2,
    sentinelUsername: 'sam',
    sentinelPassword: 's&t',
  });
});

test('reads a cluster; a password alone needs no user', () => {
  assert.deepEqual(toRedisAddress('redis+cluster://:secret@a,b:7001'), {
    kind: 'cluster',
    tls: false,
    nodes: [
      { host: 'a', port: 6379 },
      { host: 'b', port: 7001 },
    ],
    username: null,
    password: 'secret',
  });
});

test('refuses what is no address', () => {
  const wrong = [
    'redis+sentinel://a:1,b:2', // which master?
    'redis+sentinel://a:1/m/x',
    'redis+sentinel://a:1/m?password=x',
    'redis+sentinel://a:70000/m',
    'redis+sentinel://,/m',
    'redis+sentinel://%zz:x@a/m',
    'redis+cluster://a/0',
    'redis+cluster://',
    'sentinel://a/m',
    'unix://host/x',
    '',
  ];
  for (const text of wrong) assert.equal(toRedisAddress(text), null, text);
});

test('makes a client of the form, without connecting', (t) => {
  const at = (text: string): Redis => {
    const address = toRedisAddress(text);
    assert.ok(address !== null);
    const client = createClient(address, { lazyConnect: true, maxRetriesPerRequest: null });
    t.after(() => client.disconnect());
    return client;
  };
  const sentinel = at('rediss+sentinel://u:p@a:1/m');
  assert.ok(sentinel instanceof Redis);
  const { name, role, username, tls, enableTLSForSentinelMode } = sentinel.options;
  assert.deepEqual([name, role, username, tls, enableTLSForSentinelMode], ['m', 'master', 'u', {}, true]);
  const cluster: object = at('redis+cluster://u:p@127.0.0.1:1');
  assert.ok(cluster instanceof Cluster);
  assert.equal(cluster.options.redisOptions?.password, 'p');
});
