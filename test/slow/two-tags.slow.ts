/**
 * Two shards side by side: two services under two hash tags on one Redis. Everything of each lies under its own tag, so it
 * may be moved to another Redis or another node of a cluster as it is, and neither sees, waits for or drops the other's.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { openWorld, type World } from '../end-to-end/open-world.ts';
import { getJson, postBatch, untilEnded, type BatchView } from '../end-to-end/world.ts';
import { openTestRedis } from '../redis-server.ts';

const filesEach = 6;
const tags = ['shard-a', 'shard-b'] as const;

const post = (world: World): Promise<BatchView> => {
  const files = Array.from({ length: filesEach }, (_, at) => ({ source: { url: world.clips.url(`${at}.mp4`) } }));
  return postBatch(world.api, { instructions: ['mute'], files });
};

test('two shards on one Redis work beside each other, each under its own hash tag alone', async (t) => {
  const redis = await openTestRedis();
  const look = new Redis(redis.socketPath);
  const worlds: World[] = [];
  // The services before their Redis.
  t.after(async () => {
    await Promise.all(worlds.map((world) => world.close()));
    look.disconnect();
    await redis.close();
  });
  const open = (tag: string): Promise<World> =>
    openWorld({ environment: { REDIS_URL: redis.url, REDIS_PREFIX: tag, MAX_IN_FLIGHT: '2' } });
  for (const tag of tags) worlds.push(await open(tag));
  const batches = await Promise.all(worlds.map(post));
  const ended = await Promise.all(batches.map(({ id }, at) => untilEnded(worlds[at]?.api ?? '', id)));
  assert.deepEqual(
    ended.map(({ counts }) => counts['completed']),
    [filesEach, filesEach],
  );
  const keys = await look.keys('*');
  const of = (tag: string): string[] => keys.filter((key) => key.startsWith(`{${tag}}:`));
  assert.equal(of(tags[0]).length + of(tags[1]).length, keys.length, 'nothing lies under no tag');
  for (const [at, tag] of tags.entries()) {
    const [mine, theirs] = [batches[at]?.id ?? '', batches[1 - at]?.id ?? ''];
    assert.ok(of(tag).some((key) => key.includes(mine)));
    assert.ok(
      of(tag).every((key) => !key.includes(theirs)),
      `${tag} has nothing of the other`,
    );
    const page = await getJson<{ data: readonly BatchView[] }>(`${worlds[at]?.api}/batches`);
    assert.deepEqual(
      page.data.map(({ id }) => id),
      [mine],
    );
    assert.equal((await fetch(`${worlds[at]?.api}/batches/${theirs}`)).status, 404);
  }
  // On a cluster a tag is a slot: another tag may be on another node.
  const slots = tags.map((tag) => slotsOf(of(tag)));
  assert.deepEqual(
    slots.map((found) => found.size),
    [1, 1],
  );
  assert.notDeepEqual(slots[0], slots[1]);
});

/** CRC16 (XMODEM) of the tag, as the cluster specification has it; a server without cluster mode does not compute it. */
function slotsOf(keys: readonly string[]): Set<number> {
  return new Set(
    keys.map((key) => {
      const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
      let crc = 0;
      for (const byte of Buffer.from(tag)) {
        crc ^= byte << 8;
        for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
        crc &= 0xffff;
      }
      return crc % 16_384;
    }),
  );
}
