/** What callers do in the middle: cancel, retry, pause; lanes; messages on finished files. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../call.ts';
import { same, type Row } from '../row.ts';
import type { FaultOptions, World } from '../world.ts';
import { mustComplete } from './stream-forms.ts';

const texts = ['trim the first 3 seconds', 'mute'];

interface Moment {
  readonly step: string;
  readonly fault: string;
  readonly options: FaultOptions;
  readonly status: string;
  readonly at: string;
}

const moments: readonly Moment[] = [
  {
    step: 'upload',
    fault: 'slow',
    options: { endpoint: 'upload', params: { delayMs: 4000 } },
    status: 'uploading',
    at: 'upload',
  },
  { step: 'turn', fault: 'heartbeats-only', options: { params: { everyMs: 50 } }, status: 'editing', at: 'run_sse' },
  { step: 'checking', fault: 'sse-cut-never-applied', options: {}, status: 'checking', at: 'run_sse' },
  { step: 'settling', fault: 'silent-no-op', options: {}, status: 'editing', at: 'run_sse' },
  { step: 'render', fault: 'render-stuck', options: {}, status: 'rendering', at: 'render' },
];

const cancelRow = ({ step, fault, options, status }: Moment): Row => ({
  what: `cancel during ${step}`,
  rule: 'design §5: 2 s later nothing calls',
  run: async (world) => {
    await world.fault(fault, options);
    const { id } = await world.post(texts);
    await until(status, async () => ((await world.file(id)).status === status ? true : null));
    await delay(150);
    await world.act(id, 'cancel');
    const canceledAt = Date.now();
    await until('canceled', async () => ((await world.batch(id)).status === 'canceled' ? true : null), 2000);
    await delay(Math.max(0, canceledAt + 2700 - Date.now()));
    const late = world.calls().filter(({ at, endpoint }) => at > canceledAt + 2000 && endpoint !== 'file');
    same(
      late.map(({ endpoint }) => endpoint),
      [],
      'calls later than 2 s',
    );
    same(world.hooks('batch.canceled').length, 1, 'batch.canceled webhooks');
    return 'canceled, no later call, one webhook';
  },
});

async function unconfirmed(world: World, fault: string, options: FaultOptions): Promise<string> {
  await world.fault(fault, { text: 'trim', ...options });
  const { id } = await world.post(texts);
  await world.ended(id);
  same((await world.file(id)).error?.code, 'edit_unconfirmed', 'before the retry');
  return id;
}

async function retried(world: World, id: string): Promise<void> {
  await world.act(id, 'retry');
  await until('the retry ends', async () => ((await world.batch(id)).status === 'completed' ? true : null));
  mustComplete(await world.file(id));
}

/** A put_url that takes a connection and never answers. */
async function openHungry(): Promise<{ url: string; puts: () => number; close: () => void }> {
  let puts = 0;
  const server = createServer((request) => {
    puts += 1;
    request.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/out.mp4`,
    puts: () => puts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const canceled = (world: World, id: string): Promise<unknown> =>
  until('canceled', async () => ((await world.batch(id)).status === 'canceled' ? true : null), 2000);

const restful: readonly Row[] = [
  {
    what: 'cancel while parked',
    rule: 'design §5: cancel against every state',
    sandbox: { credits: 0 },
    run: async (world) => {
      const { id } = await world.post(texts);
      await until('parked', async () => ((await world.batch(id)).counts['parked'] === 1 ? true : null));
      await world.act(id, 'cancel');
      await canceled(world, id);
      const before = world.calls('run_sse').length;
      await world.admin('credits', { all: true, available: 500 });
      await delay(900);
      same(world.calls('run_sse').length, before, 'turns after the top-up');
      return 'canceled, a top-up starts nothing';
    },
  },
  {
    what: 'cancel while queued',
    rule: 'design §5: cancel against every state',
    env: { MAX_IN_FLIGHT: '1' },
    run: async (world) => {
      await world.fault('heartbeats-only', { file: 0, params: { everyMs: 50, forMs: 1200, apply: true } });
      const first = await world.post(['mute']);
      await until('one is in flight', () => (world.calls('run_sse').length === 1 ? true : null));
      const second = await world.post(['mute'], { files: [{ source: { url: world.clip(1) } }] });
      await world.act(second.id, 'cancel');
      await canceled(world, second.id);
      await world.ended(first.id);
      mustComplete(await world.file(first.id));
      same(world.sessions().length, 1, 'sessions');
      return 'canceled without a session';
    },
  },
  {
    what: 'cancel during delivery',
    rule: 'design §5: cancel against every state',
    run: async (world) => {
      const hungry = await openHungry();
      try {
        const files = [{ source: { url: world.clip() }, destination: { put_url: hungry.url } }];
        const { id } = await world.post(['mute'], { files });
        await until('it is delivered', () => (hungry.puts() > 0 ? true : null));
        await world.act(id, 'cancel');
        await canceled(world, id);
        const puts = hungry.puts();
        await delay(700);
        same(hungry.puts(), puts, 'PUTs');
        return 'canceled, no further PUT';
      } finally {
        hungry.close();
      }
    },
  },
];

export const rows: readonly Row[] = [
  ...moments.map(cancelRow),
  ...restful,
  {
    what: 'retry after edit_unconfirmed: applied meanwhile → not sent again',
    rule: 'design §4 (5): a retry looks first',
    run: async (world) => {
      const id = await unconfirmed(world, 'sse-cut-applied-later', { params: { afterMs: 5500 } });
      await until('applied', () => (world.sessions()[0]?.turns[0]?.appliedAt != null ? true : null));
      await retried(world, id);
      same(world.calls('run_sse').length, 2, 'POSTs of turns');
      return 'completed, first instruction sent once';
    },
  },
  {
    what: 'retry after edit_unconfirmed: not applied → sent once more',
    rule: 'design §4 (5): then sends once more',
    mayRepeat: true,
    run: async (world) => {
      const id = await unconfirmed(world, 'sse-cut-never-applied', {});
      await retried(world, id);
      same([world.sessions().length, world.calls('run_sse').length], [1, 3], 'sessions, POSTs of turns');
      return 'completed, first instruction sent twice, applied once';
    },
  },
  {
    what: 'retry after edit_not_applied: sent once more',
    rule: 'design §4: from its failed step',
    mayRepeat: true,
    run: async (world) => {
      await world.fault('question-reply', { text: 'mute' });
      const { id } = await world.post(texts);
      await world.ended(id);
      same((await world.file(id)).error?.code, 'edit_not_applied', 'before the retry');
      await retried(world, id);
      same(world.sessions().length, 1, 'sessions');
      return 'completed in the same session';
    },
  },
  {
    what: 'pause: begins nothing; resume goes on',
    rule: 'design §5 Pause',
    run: async (world) => {
      const { id } = await world.post(texts);
      await world.act(id, 'pause');
      await until('paused', async () => ((await world.batch(id)).status === 'paused' ? true : null));
      await delay(500);
      const before = world.calls('run_sse').length;
      await delay(600);
      same(world.calls('run_sse').length, before, 'turns during the pause');
      await world.act(id, 'resume');
      await world.ended(id);
      mustComplete(await world.file(id));
      return 'completed after resume';
    },
  },
  {
    what: 'batch style: three files in one session, own instructions',
    rule: 'seed: Batch style',
    run: async (world) => {
      const files = [['mute'], ['trim the first 3 seconds', 'mute'], ['trim to 10s']].map((instructions, index) => ({
        source: { url: world.clip(index) },
        instructions,
      }));
      const { id } = await world.post([], { files, max_sessions: 1, instructions: null });
      await world.ended(id);
      for (const index of files.keys()) mustComplete(await world.file(id, index));
      const [session, ...others] = world.sessions();
      same([others.length, session?.charged, session?.renders], [0, 50, 3], 'more sessions, charge, renders');
      return 'one session, 50 credits, three renders';
    },
  },
  {
    what: 'batch style: the session is lost at the second file',
    rule: 'design §4: 1002 replaces it once',
    run: async (world) => {
      const files = [0, 1, 2].map((index) => ({ source: { url: world.clip(index) } }));
      await world.fault('session-forgotten', { endpoint: 'run_sse', file: 1 });
      const { id } = await world.post(['mute'], { files, max_sessions: 1 });
      await world.ended(id);
      for (const index of files.keys()) mustComplete(await world.file(id, index));
      same(world.sessions().length, 2, 'sessions');
      return 'completed in two sessions';
    },
  },
];
