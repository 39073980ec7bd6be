/** The service on every kind of Redis that it is told to work on, each losing its data's server in the middle of a batch. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openPlace } from '../end-to-end/open-place.ts';
import { assertPaidOnce, getJson, postBatch, readLedger, readResults, until, untilEnded } from '../end-to-end/world.ts';
import type { BatchView } from '../end-to-end/world.ts';
import { newPrefix } from '../redis-server.ts';
import { hasValkey, withEngine } from './containers/engine.ts';
import { openCluster, openSentinelSet, openSingle, openTlsAndAcl, type RedisPlace } from './containers/redis-places.ts';

const instructions = ['trim the first 3 seconds', 'mute'];
const files = 40;
const valkey = 'valkey/valkey:8-alpine';

/** Two workers and an API; the server with the data is lost once a quarter is done. */
async function bringThrough(t: TestContext, redis: RedisPlace, prefix = newPrefix()): Promise<void> {
  console.log(`# ${redis.version} on Node ${process.versions.node}`);
  const environment = { REDIS_URL: redis.url, REDIS_PREFIX: prefix, ...redis.environment };
  const place = await openPlace(t, { workers: 2, environment, sandbox: { timeScale: 60 } });
  const sources = Array.from({ length: files }, (_, at) => ({ source: { url: place.clips.url(`${at}.mp4`) } }));
  const { id } = await postBatch(place.api, { instructions, files: sources, webhook: { url: place.hooks.url } });
  if (redis.lose !== undefined) {
    await until('a quarter is done', async () => {
      const { counts } = await getJson<BatchView>(`${place.api}/batches/${id}`);
      return (counts['completed'] ?? 0) >= files / 4 ? true : null;
    });
    await redis.lose();
  }
  await untilEnded(place.api, id, 90_000);
  const results = await readResults(place.api, id);
  assert.equal(results.length, files, 'no file is lost');
  // A turn that was fenced and then not sent cannot be told from one that was: it is never sent again by itself.
  const unfinished = results.filter(
    ({ status, error }) => status !== 'completed' && error?.code !== 'edit_unconfirmed',
  );
  assert.deepEqual(unfinished, []);
  assertPaidOnce(await readLedger(place.sandbox), results, instructions);
  await until('the webhook is told', async () => (place.hooks.events.length > 0 ? true : null));
  assert.deepEqual(new Set(place.hooks.events.map(({ type }) => type)), new Set(['batch.completed']));
}

test('brings a batch through on redis:7, killed in the middle', withEngine, async (t) =>
  bringThrough(t, await openSingle(t)),
);

const skipValkey = withEngine.skip || (!hasValkey(valkey) && 'VALKEY is not 1');
if (!withEngine.skip && skipValkey) console.error('\n*** SKIPPED: Valkey (set VALKEY=1) ***\n');
test('brings a batch through on Valkey 8, killed in the middle', { skip: skipValkey }, async (t) =>
  bringThrough(t, await openSingle(t, valkey)),
);

test('brings a batch through a failover of Sentinels', withEngine, async (t) =>
  bringThrough(t, await openSentinelSet(t)),
);

test('brings a batch through the loss of the node of a cluster that has it', withEngine, async (t) => {
  const prefix = newPrefix();
  await bringThrough(t, await openCluster(t, `{${prefix}}`), prefix);
});

test('needs no more rights than documented, and speaks TLS', withEngine, async (t) => {
  const prefix = newPrefix();
  const redis = await openTlsAndAcl(t, prefix);
  await bringThrough(t, redis, prefix);
  assert.deepEqual(await redis.denied(), [], 'commands or keys that were denied');
});
