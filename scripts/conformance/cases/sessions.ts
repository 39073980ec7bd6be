/** Sessions that get lost (1002, a bare 404), and what only looks like it. The timeline is gone: all of it again, bounded. */
import { until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { FaultOptions, World } from '../world.ts';
import { mustComplete, runOne } from './stream-forms.ts';

const texts = ['trim the first 3 seconds', 'mute'];

const shape = (world: World): string => {
  const sessions = world.sessions();
  return `${sessions.length} sessions, turns ${sessions.map(({ turns }) => turns.length).join(' + ')}`;
};

interface Loss {
  readonly what: string;
  readonly fault: string;
  readonly options: FaultOptions;
  readonly sessions: number;
}

const losses: readonly Loss[] = [
  { what: 'forgotten at the first read', fault: 'session-forgotten', options: { endpoint: 'state' }, sessions: 2 },
  { what: 'forgotten at the first turn', fault: 'session-forgotten', options: { endpoint: 'run_sse' }, sessions: 2 },
  {
    what: 'forgotten between two turns',
    fault: 'session-forgotten',
    options: { endpoint: 'run_sse', skip: 1 },
    sessions: 2,
  },
  {
    what: 'forgotten when the last turn settles',
    fault: 'session-forgotten',
    options: { endpoint: 'state', skip: 6 },
    sessions: 2,
  },
  { what: 'forgotten at the render', fault: 'session-forgotten', options: { endpoint: 'render' }, sessions: 2 },
  { what: 'vanishes in the middle of a turn', fault: 'session-vanishes', options: { text: 'trim' }, sessions: 2 },
  { what: 'lost twice', fault: 'session-forgotten', options: { endpoint: 'run_sse', times: 2 }, sessions: 3 },
];

const lossRow = ({ what, fault, options, sessions }: Loss): Row => ({
  what: `session ${what}`,
  rule: 'seed: 1002 → create a new one; design §4',
  run: async (world) => {
    await world.fault(fault, options);
    mustComplete(await runOne(world, texts));
    same(world.sessions().length, sessions, 'sessions that were uploaded to');
    return `completed, ${shape(world)}`;
  },
});

const noLoss = (what: string, fault: string, options: FaultOptions): Row => ({
  what: `no loss: ${what}`,
  rule: 'upstream: 404 confirmed by a second GET state',
  run: async (world) => {
    await world.fault(fault, options);
    mustComplete(await runOne(world, texts));
    same(world.sessions().length, 1, 'sessions');
    return `completed, ${shape(world)}`;
  },
});

export const rows: readonly Row[] = [
  ...losses.map(lossRow),
  noLoss('one bare 404 at a read', 'json-404', { endpoint: 'state' }),
  noLoss('one bare 404 at a render', 'json-404', { endpoint: 'render' }),
  noLoss('HTML 404 at reads', 'html-404', { endpoint: 'state', times: 3 }),
  noLoss('HTML 404 at the render', 'html-404', { endpoint: 'render' }),
  {
    what: 'session forgotten at the upload',
    rule: 'seed: 1002 → create a new one',
    env: {},
    run: async (world) => {
      await world.fault('session-forgotten', { endpoint: 'upload', file: null });
      mustComplete(await runOne(world, texts));
      same(world.ledger().sessions.length, 2, 'sessions');
      return `completed, ${shape(world)}`;
    },
  },
  {
    what: 'session lost for the fourth time',
    rule: 'design §4: at most 3 new ones',
    run: async (world) => {
      await world.fault('session-forgotten', { endpoint: 'run_sse', times: null });
      const file = await runOne(world, texts);
      same(file.error?.code ?? file.status, 'session_lost', 'the file');
      same(world.sessions().length, 4, 'sessions');
      return `session_lost, ${shape(world)}`;
    },
  },
  {
    what: 'session lost, then a retry by the caller',
    rule: 'design §4: the bound restarts',
    run: async (world) => {
      await world.fault('session-forgotten', { endpoint: 'run_sse', times: 4 });
      const { id } = await world.post(texts);
      await world.ended(id);
      same((await world.file(id)).error?.code, 'session_lost', 'the file');
      await world.act(id, 'retry');
      await until('round 2 ends', async () => ((await world.batch(id)).status === 'completed' ? true : null));
      mustComplete(await world.file(id));
      return `completed after the retry, ${shape(world)}`;
    },
  },
  {
    what: 'session idles out while a turn is checked',
    rule: 'design §4: checking that meets 1002',
    run: async (world) => {
      await world.fault('sse-cut-never-applied', { text: 'trim' });
      // Two reads come before the turn.
      await world.fault('session-forgotten', { endpoint: 'state', skip: 2 });
      mustComplete(await runOne(world, texts));
      const [lost, fresh] = world.sessions();
      must(lost !== undefined && fresh !== undefined, 'there is no second session');
      same(fresh.turns.length, 2, 'turns in the new session');
      return `completed, ${shape(world)}`;
    },
  },
  {
    what: 'session id as a bare 19-digit number',
    rule: 'upstream: must not be rounded',
    sandbox: { sessionIdAs: 'number' },
    run: async (world) => {
      const file = await runOne(world, texts);
      mustComplete(file);
      same(file.session?.id, world.sessions()[0]?.id, 'the id');
      return `completed in ${String(file.session?.id.length)} digits`;
    },
  },
  ...['data', 'top'].map((stateShape): Row => ({
    what: `state under ${stateShape === 'top' ? 'the top level' : 'data'}`,
    rule: 'upstream: GET state, three shapes',
    sandbox: { stateShape },
    run: async (world) => {
      mustComplete(await runOne(world, texts));
      return `completed, ${shape(world)}`;
    },
  })),
  {
    what: 'session is made with the language',
    rule: 'seed: {"task_name":"project","language"}',
    run: async (world) => {
      const { id } = await world.post(['静音'], { language: 'zh' });
      await world.ended(id);
      same(world.sessions()[0]?.language, 'zh', 'language');
      return 'zh';
    },
  },
];
