/** A Redis that is frozen closes nothing: callers must not hang on it, and hear at once what is known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aBatch, openTestApi } from '../api/open-test-api.ts';
import { until } from '../end-to-end/world.ts';
import { openTestRedis } from '../redis-server.ts';

test('answers 503 within moments of a freeze, then at once, and 200 again after it', async (t) => {
  const server = await openTestRedis();
  t.after(server.close);
  const api = await openTestApi(server.socketPath);
  t.after(api.close);
  const pid = Number(/process_id:(\d+)/.exec(await api.ctx.redis.info('server'))?.[1]);
  const timed = async (): Promise<{ status: number; retryAfter: unknown; tookMs: number }> => {
    const from = performance.now();
    const { statusCode, headers } = await api.app.inject({ url: '/batches' });
    return { status: statusCode, retryAfter: headers['retry-after'], tookMs: performance.now() - from };
  };
  process.kill(pid, 'SIGSTOP');
  try {
    const first = await timed();
    assert.deepEqual([first.status, first.retryAfter], [503, '2']);
    // 2 s at most; the rest is for a busy machine. It was 10 s before anybody asked Redis how it is.
    assert.ok(first.tookMs < 6000, `${first.tookMs} ms`);
    const [next, posted] = await Promise.all([
      timed(),
      api.app.inject({ method: 'POST', url: '/batches', payload: aBatch() }),
    ]);
    assert.deepEqual([next.status, posted.statusCode], [503, 503]);
    assert.ok(next.tookMs < 1000, `${next.tookMs} ms`);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await until('it answers again', async () => ((await timed()).status === 200 ? true : null), 10_000);
});
