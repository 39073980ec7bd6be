import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { errorCodes } from '../../src/shared/domain/error-codes.ts';
import { addFleetFigures } from '../../src/shared/fleet-figures.ts';
import { createTelemetry } from '../../src/shared/telemetry.ts';
import { openTestApi } from '../api/open-test-api.ts';
import { openTestContext } from '../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';

let redis: TestRedis;
before(async () => void (redis = await openTestRedis()));
after(() => redis.close());

const line =
  /^(?:# (?:HELP|TYPE) [a-z_:][\w:]* .+|[a-z_:][\w:]*(?:\{(?:[a-z_]\w*="(?:[^"\\\n]|\\.)*",?)+\})? (?:[-+\d.e]+|[+-]?Inf|NaN|Nan))$/i;

/** Names and labels of every sample of a page; fails on a line that is none. */
function samplesOf(page: string): string[] {
  const lines = page.split('\n').filter((text) => text !== '');
  for (const text of lines) assert.match(text, line);
  return lines.filter((text) => !text.startsWith('#')).map((text) => text.slice(0, text.lastIndexOf(' ')));
}

test('stays below 500 series, with every word that a label can have, 1,000 tenants and 100,000 files', async (t) => {
  const { app, ctx, close } = await openTestApi(redis.socketPath);
  t.after(close);
  await app.ready();
  addFleetFigures(ctx.metrics, ctx);
  const fill = ctx.redis.pipeline();
  for (let tenant = 0; tenant < 1000; tenant += 1) {
    fill.zadd(ctx.keys.ring(), 0, `tenant-${tenant}`).zadd(ctx.keys.tenantRing(`tenant-${tenant}`), 0, `b${tenant}`);
    fill.rpush(ctx.keys.waiting(`b${tenant}`), ...Array.from({ length: 100 }, (_, index) => index));
  }
  await fill.exec();
  for (const [route, methods] of Object.entries(app.swagger().paths ?? {})) {
    for (const method of Object.keys(methods)) {
      for (const status of [200, 404, 503]) ctx.telemetry.httpAnswered({ route, method, status, seconds: 1 });
    }
  }
  for (const step of ['upload', 'edit', 'render', 'deliver']) {
    for (const outcome of ['done', 'repeat-call', 'hand-over', 'leave-alone', 'broken'])
      ctx.telemetry.stepEnded(step, outcome, 1);
  }
  const endpoints = [
    'create-session',
    'upload-by-url',
    'upload-bytes',
    'read-state',
    'run-turn',
    'submit-render',
    'read-render',
    'read-balance',
    'anonymous-token',
    'claim-token',
  ];
  for (const endpoint of endpoints) {
    for (const outcome of ['2xx', '4xx', '5xx', 'connection_lost', 'timed_out'])
      ctx.telemetry.upstreamCalled(endpoint, outcome, 1);
  }
  for (const code of [...errorCodes, 'completed', 'canceled']) ctx.telemetry.fileEnded(code);
  for (const reason of [
    'slot',
    'pause',
    'rate_limit',
    'upstream',
    'recheck',
    'out_of_credits',
    'token_invalid',
    'max_credits',
  ])
    ctx.telemetry.waitBegan(reason);
  for (const outcome of ['delivered', 'again', 'gone', 'failed', 'deferred']) ctx.telemetry.webhookAttempted(outcome);
  const page = await app.inject({ url: '/metrics' });
  const samples = samplesOf(page.body);
  assert.ok(samples.length < 500, `${samples.length} series`);
  assert.equal(new Set(samples).size, samples.length, 'no sample twice');
  assert.ok(samples.length > 200, `${samples.length} series`);
  assert.match(page.body, /^batch_video_waiting_files 100000$/m);
  assert.match(page.body, /^batch_video_backlog_seconds \d/m);
  assert.doesNotMatch(page.body, /tenant-|credits_available \d/);
});

test('leaves the figures of the fleet out while Redis is away', async (t) => {
  const { ctx, close } = await openTestContext(redis.socketPath);
  t.after(close);
  const { registry } = createTelemetry();
  const away = { ...ctx, scripts: { ...ctx.scripts, fleet: () => Promise.reject(new Error('away')) } };
  addFleetFigures(registry, away);
  const page = await registry.metrics();
  samplesOf(page);
  assert.doesNotMatch(page, /^batch_video_(backlog_seconds|window|account_blocked)[ {]/m);
  assert.match(page, /^batch_video_build_info/m);
});
