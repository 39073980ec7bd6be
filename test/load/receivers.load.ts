/**
 * A thousand batches end, each with a receiver of its own on one host; one in ten hangs, one in ten takes 10 s. The others
 * are told in time, each by the end of its own batch, and nobody is told one event under two ids.
 */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { listDeliveries } from '../../src/shared/webhook/list-deliveries.ts';
import { openWorkers } from '../../src/workers/main.ts';
import { openTestContext } from '../open-test-context.ts';
import { openTestRedis } from '../redis-server.ts';
import { failing, takeIn, tell } from '../shared/webhook/open-webhook-context.ts';
import { until } from '../shared/webhook/receiver.ts';

const batches = 1000;
const slowMs = 10_000;
/** The goal. */
const overAMinute = { spreadMs: 60_000, mostHealthyMs: 2000 };
/** As fast as they can end: what one worker then has to catch up with. Mostly the speed of the machine, so far off. */
const atOnce = { spreadMs: 0, mostHealthyMs: 15_000 };

type Kind = 'healthy' | 'slow' | 'dead';
const kindOf = (n: number): Kind => (n % 10 === 0 ? 'dead' : n % 10 === 1 ? 'slow' : 'healthy');

interface Told {
  /** How often each id was answered with 2xx. */
  readonly taken: Map<string, number>;
  readonly ids: Set<string>;
  firstAt: number | null;
}

async function openReceivers(t: TestContext) {
  const told = Array.from({ length: batches }, (): Told => ({ taken: new Map(), ids: new Set(), firstAt: null }));
  const state = { dead: true, hanging: 0 };
  const take = (response: ServerResponse, one: Told, id: string): void => {
    // A sender that has given up meanwhile (a machine under load) has not been told that it was taken.
    if (response.destroyed) return;
    response.writeHead(204).end(() => one.taken.set(id, (one.taken.get(id) ?? 0) + 1));
  };
  const server = createServer((request, response) => {
    const n = Number(request.url?.slice(1));
    const one = told[n];
    const id = String(request.headers['webhook-id']);
    if (one === undefined) return void response.writeHead(404).end();
    one.ids.add(id);
    one.firstAt ??= performance.now();
    const kind = kindOf(n);
    if (kind === 'healthy' || (kind === 'dead' && !state.dead)) take(response, one, id);
    else if (kind === 'slow') setTimeout(() => take(response, one, id), slowMs).unref();
    else state.hanging += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { told, state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const options = { timeout: 240_000 };
test('over a minute, one receiver in ten dead and one in ten slow hold up nobody', options, (t) =>
  endAll(t, overAMinute),
);
test('all at once, they hold up nobody for long', options, (t) => endAll(t, atOnce));

const isTrue = (): boolean => true;
const isFalse = (): boolean => false;

async function endAll(t: TestContext, { spreadMs, mostHealthyMs }: typeof atOnce): Promise<void> {
  const redis = await openTestRedis();
  const { told, state, url } = await openReceivers(t);
  const { ctx, close } = await openTestContext(redis.socketPath, {
    WEBHOOK_TIMEOUT_MS: '15000',
    WEBHOOK_RETRY_MS: '0,2000,2000,2000,2000,2000,2000,2000',
    WEBHOOK_ALLOW_PRIVATE: 'true',
    SWEEP_MS: '2000',
    DRAIN_MS: '1000',
  });
  const workers = await openWorkers(ctx);
  // In this order: hooks of a test run as they were added.
  t.after(async () => {
    await workers.close();
    await close();
    await redis.close();
  });
  const startedAt = performance.now();
  const endedAt = new Map<number, number>();
  const rest = Array.from({ length: batches }).keys();
  const end = async (): Promise<void> => {
    for (const n of rest) {
      const due = startedAt + (spreadMs * n) / batches;
      if (due > performance.now()) await delay(due - performance.now());
      const id = await takeIn(ctx, { url: `${url}/${n}`, tenant: 'one' });
      // The workers admit and run it, too: whoever is quicker, it ends by our word.
      const isTold = (...events: typeof failing): Promise<boolean> => tell(ctx, id, 0, ...events).then(isTrue, isFalse);
      await isTold(...failing.slice(0, 1));
      await until(() => isTold(...failing.slice(1)));
      endedAt.set(n, performance.now());
    }
  };
  await Promise.all(Array.from({ length: 20 }, end));
  const endingMs = performance.now() - startedAt;
  assert.ok(endingMs < spreadMs + 15_000, `the batches took ${endingMs} ms to end`);
  const isTaken = (kind: Kind): boolean => told.every(({ taken }, n) => kindOf(n) !== kind || taken.size > 0);
  await until(() => isTaken('healthy'), 60_000);
  const waits = told.flatMap(({ firstAt }, n) =>
    kindOf(n) === 'healthy' && firstAt !== null ? [firstAt - (endedAt.get(n) ?? firstAt)] : [],
  );
  const [p50, p99, most] = [0.5, 0.99, 1].map(
    (part) => waits.toSorted((a, b) => a - b)[Math.ceil(waits.length * part) - 1] ?? 0,
  );
  t.diagnostic(`${batches} batches ended in ${Math.round(endingMs)} ms; ${state.hanging} requests hang`);
  t.diagnostic(
    `healthy receivers after the end: p50 ${p50?.toFixed()} ms, p99 ${p99?.toFixed()} ms, most ${most?.toFixed()} ms`,
  );
  assert.ok((p99 ?? 0) <= mostHealthyMs, `p99 was ${p99} ms`);
  await until(() => isTaken('slow'), 60_000);
  state.dead = false;
  await until(() => isTaken('dead'), 90_000);
  for (const { ids: seen, taken } of told) {
    assert.equal(seen.size, 1, 'one event, one id');
    assert.deepEqual([...taken.values()], [1], 'taken once');
  }
  await until(async () => (await ctx.redis.zcard(ctx.keys.deliveriesDue())) === 0, 30_000);
  const failed = await listDeliveries(ctx, { tenant: null, status: 'failed', limit: 10, cursor: null });
  assert.ok(failed.kind === 'page' && failed.data.length === 0);
}
