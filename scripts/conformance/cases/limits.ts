/** 429 anywhere: the whole account is silent for the wait, streams already open go on, and it costs no file. */
import { until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { CallEntry } from '../types.ts';
import type { World } from '../world.ts';
import { mustComplete } from './stream-forms.ts';

const waitMs = 1000;
const env = { RATE_LIMIT_WAIT_MS: String(waitMs) };
/** "In every process within 250 ms" (design §5), and one event loop for all of this: what was on its way is no new call. */
const noticeMs = 400;
/** The sandbox's clock and the service's are the same; timers are not that exact. */
const clockToleranceMs = 15;

/** No call of any kind between the notice of the first 429 and the end of its wait. */
function mustBeSilent(world: World, limited: CallEntry, askedMs: number): string {
  const [from, to] = [limited.at + noticeMs, limited.at + askedMs - clockToleranceMs];
  const calls = world.ledger().calls.filter(({ endpoint, at }) => endpoint !== 'file' && at > from && at < to);
  const found = calls.map(({ endpoint, at }) => `${endpoint} after ${at - limited.at} ms`);
  same(found, [], 'calls during the wait');
  return `completed, silent for ${askedMs} ms`;
}

const firstLimited = (world: World): CallEntry | null =>
  world.ledger().calls.find(({ status, faults }) => status === 429 || faults.includes('rate-limited')) ?? null;

const endpoints = ['session', 'upload', 'run_sse', 'state', 'render', 'render-poll', 'credits'] as const;

/** Enough that some are between two calls when the 429 comes. */
const filesAtOnce = 10;

const limitRow = (endpoint: (typeof endpoints)[number], retryAfterS: number | null): Row => ({
  what: `429 at ${endpoint}${retryAfterS === null ? '' : `, Retry-After ${retryAfterS} s`}`,
  rule: 'seed: 429 wait 30s and retry; design §5',
  env,
  quiet: true,
  run: async (world) => {
    // The balance is asked for before a batch begins and when its last turn has settled.
    await world.fault('rate-limited', { endpoint, file: null, params: { retryAfterS } });
    const files = Array.from({ length: filesAtOnce }, (_, index) => ({ source: { url: world.clip(index) } }));
    const { id } = await world.post(['trim the first 3 seconds', 'mute'], { files });
    await world.ended(id);
    for (const index of files.keys()) mustComplete(await world.file(id, index));
    const limited = firstLimited(world);
    if (limited === null && endpoint === 'credits') return 'completed, the balance was not asked for';
    must(limited !== null, 'the fault has not struck');
    return mustBeSilent(world, limited, Math.max(waitMs, (retryAfterS ?? 0) * 1000));
  },
});

export const rows: readonly Row[] = [
  ...endpoints.map((endpoint) => limitRow(endpoint, null)),
  ...endpoints.map((endpoint) => limitRow(endpoint, 2)),
  {
    what: '429 at download',
    rule: 'design §5: for every call',
    env,
    quiet: true,
    run: async (world) => {
      await world.fault('render-url-404', { file: null });
      await world.fault('rate-limited', { endpoint: 'download', file: null });
      const { id } = await world.post(['mute']);
      await world.ended(id);
      mustComplete(await world.file(id));
      const limited = firstLimited(world);
      must(limited !== null, 'the fault has not struck');
      return mustBeSilent(world, limited, waitMs);
    },
  },
  {
    what: '429 while others are within a call: their next call waits',
    rule: 'design §5: also between two calls of one step',
    env,
    quiet: true,
    run: async (world) => {
      await world.fault('slow', { endpoint: 'session', file: null, times: 9, params: { delayMs: 900 } });
      const clips = Array.from({ length: filesAtOnce }, (_, index) => ({ source: { url: world.clip(index) } }));
      const others = await world.post(['mute'], { files: clips.slice(1) });
      await until('nine are within a call', () => (world.ledger().counts['session']?.total === 9 ? true : null));
      // Refused at its upload; the others come out of their calls in the middle of the wait.
      await world.fault('rate-limited', { endpoint: 'upload', file: null });
      const one = await world.post(['mute'], { files: clips.slice(0, 1) });
      await Promise.all([world.ended(one.id), world.ended(others.id)]);
      same((await world.batch(one.id)).counts['completed'], 1, 'completed');
      same((await world.batch(others.id)).counts['completed'], 9, 'completed of the others');
      const limited = firstLimited(world);
      must(limited !== null, 'the fault has not struck');
      return mustBeSilent(world, limited, waitMs);
    },
  },
  {
    what: '429 while a stream is open',
    rule: 'design §5: streams already open go on',
    env,
    quiet: true,
    run: async (world) => {
      await world.fault('heartbeats-only', {
        file: null,
        text: 'trim',
        params: { everyMs: 50, forMs: 1200, apply: true },
      });
      const first = await world.post(['trim the first 3 seconds']);
      await until('the turn is open', () => (world.sessions()[0]?.turns.length === 1 ? true : null));
      await world.fault('rate-limited', { endpoint: 'session', file: null });
      const second = await world.post(['mute'], { files: [{ source: { url: world.clip(1) } }] });
      await until('429', () => firstLimited(world));
      await Promise.all([world.ended(first.id), world.ended(second.id)]);
      const file = await world.file(first.id);
      mustComplete(file);
      mustComplete(await world.file(second.id));
      const turn = world.calls('run_sse')[0];
      same(turn?.status, 200, 'the stream');
      const edit = file.steps.find(({ step }) => step === 'edit');
      same([edit?.attempts, edit?.error ?? null], [1, null], 'the step');
      return 'completed in one attempt, through the pause';
    },
  },
  {
    what: '429 for 2 s, twice the wait and more',
    rule: 'upstream: 429 for a while; design §5: burns no attempts',
    env: {},
    quiet: true,
    run: async (world) => {
      await world.fault('rate-limited', { forMs: 2000, file: null });
      const files = [0, 1, 2, 3, 4].map((index) => ({ source: { url: world.clip(index) } }));
      const { id } = await world.post(['mute'], { files });
      await world.ended(id);
      for (const index of files.keys()) mustComplete(await world.file(id, index));
      const refused = world.ledger().calls.filter(({ faults }) => faults.includes('rate-limited')).length;
      return `all completed, ${refused} refused calls`;
    },
  },
  {
    what: '429 for one file alone, again and again',
    rule: 'design §5: RATE_LIMIT_ATTEMPTS',
    env: { RATE_LIMIT_WAIT_MS: '100', RATE_LIMIT_ATTEMPTS: '3' },
    run: async (world) => {
      await world.fault('rate-limited', { endpoint: 'render', file: 0, times: null });
      const { id } = await world.post(['mute'], {
        files: Array.from({ length: 40 }, (_, index) => ({ source: { url: world.clip(index) } })),
      });
      await world.ended(id);
      const file = await world.file(id);
      const others = (await world.batch(id)).counts['completed'];
      // Alone at the end it is nobody's fault: then it only waits. Which comes first is a matter of timing.
      same(file.error?.code ?? file.status, 'rate_limited', 'the file');
      same(others, 39, 'others completed');
      return 'rate_limited, the others completed';
    },
  },
];
