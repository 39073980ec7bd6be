/** Keys that nothing will ever delete once no batch is left: without a time to live, and not among those kept for good. */
import type { Redis } from 'ioredis';

/** By the table "Keys" in ARCHITECTURE.md: kept for good, or bounded by what they list. Queues keep their bookkeeping. */
const keptForGood = [
  /^(store-mark|client-id|upload-marker|pace|workers|ring)$/,
  /^a:[^:]+(:token|:token-client-id)?$/,
  /^t:[^:]+:(waiting|ring)$/,
  /^(upload|edit|render|deliver|notify):(meta|id|events|marker|stalled-check|metrics:.*)$/,
];

export async function strayKeys(redis: Redis, prefix: string): Promise<string[]> {
  const tag = `{${prefix}}:`;
  const stray: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1000);
    cursor = next;
    for (const key of keys) {
      const name = key.startsWith(tag) ? key.slice(tag.length) : key;
      if (keptForGood.some((form) => form.test(name))) continue;
      if ((await redis.pttl(key)) < 0) stray.push(key);
    }
  } while (cursor !== '0');
  return stray;
}
