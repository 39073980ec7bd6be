/** Scripts that go as one command together: each is answered in its own place, and fails alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileId } from '../../../src/shared/ids.ts';
import { isRedisTrouble } from '../../../src/shared/redis/redis-trouble.ts';
import { gather } from '../../../src/shared/redis/gathered-script.ts';
import { openTestContext } from '../../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../../redis-server.ts';
import { load, newBatch } from '../../workers/batches.ts';

let server: TestRedis;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());

test('answers each in its place, and one that fails fails alone', async (t) => {
  const { ctx, close } = await openTestContext(server.socketPath);
  t.after(close);
  const batch = await newBatch(ctx, { files: 40 });
  const broken = fileId(batch, 7);
  await ctx.redis.del(ctx.keys.file(broken));
  await ctx.redis.set(ctx.keys.file(broken), 'no hash');
  const loads = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => load(ctx, batch, index)));
  for (const [index, loaded] of loads.entries()) {
    if (index === 7) continue;
    assert.ok(loaded.status === 'fulfilled');
    assert.equal(loaded.value.file.index, index);
  }
  const [failed] = loads.slice(7, 8);
  assert.ok(failed?.status === 'rejected' && failed.reason instanceof Error);
  assert.match(failed.reason.message, /^WRONGTYPE /);
  assert.equal(failed.reason.name, 'ReplyError');
});

test('says of a full Redis what a script alone would say', async () => {
  const full = gather(1, async ([, ...args]) =>
    args.map(() => ['error', "OOM command not allowed when used memory > 'maxmemory'."]),
  );
  await assert.rejects(full(['a']), (error) => isRedisTrouble(error));
});

test('gathers while one is on its way, and at most sixteen', async () => {
  const sent: number[] = [];
  const turns: (() => void)[] = [];
  const call = gather(1, async ([, ...args]) => {
    sent.push(args.length);
    await new Promise<void>((resolve) => turns.push(resolve));
    return args;
  });
  const first = call(['first']);
  await Promise.resolve();
  await Promise.resolve();
  const rest = Array.from({ length: 20 }, (_, at) => call([at]));
  assert.deepEqual(sent, [1]);
  turns[0]?.();
  assert.equal(await first, 'first');
  while (turns.length < 2) await Promise.resolve();
  turns[1]?.();
  while (turns.length < 3) await Promise.resolve();
  turns[2]?.();
  assert.deepEqual(
    await Promise.all(rest),
    Array.from({ length: 20 }, (_, at) => at),
  );
  assert.deepEqual(sent, [1, 16, 4]);
});

test('a command that fails as a whole fails each, and the next ones go on', async () => {
  let isAway = true;
  const call = gather(1, async ([, ...args]) => {
    if (isAway) throw new Error('away');
    return args;
  });
  const outcomes = await Promise.allSettled([call(['a']), call(['b'])]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  isAway = false;
  assert.equal(await call(['c']), 'c');
});

test('who waits behind a command without an answer has waited long enough', async () => {
  const turns = Promise.withResolvers<never>();
  const call = gather(1, () => turns.promise);
  const first = call(['first']);
  await Promise.resolve();
  await Promise.resolve();
  const second = call(['second']);
  turns.reject(new Error('Command timed out'));
  await assert.rejects(first, /timed out/);
  await assert.rejects(second, /timed out/);
});
