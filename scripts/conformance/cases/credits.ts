/** Credits and plans: 2001 parks, a top-up resumes in the same sessions; 402 and 403 are verdicts. */
import { until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { World } from '../world.ts';
import { mustComplete } from './stream-forms.ts';

const texts = ['trim the first 3 seconds', 'mute'];
const filesOf = (world: World, count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: world.clip(index) } }));

async function outThenTopUp(world: World): Promise<string> {
  const { id } = await world.post(texts, { files: filesOf(world, 4) });
  let last = '';
  const blocked = await until(
    () => `the batch is blocked; last seen ${last}`,
    async () => {
      const batch = await world.batch(id);
      last = JSON.stringify([batch, world.sessions(), world.place.sandbox.ledger().calls.slice(-6)]);
      // Who is not admitted yet when the account closes waits in the list; who is, parks: also between two turns of a paid session.
      const { parked = 0, queued = 0, completed = 0 } = batch.counts;
      const isStill = parked >= 1 && parked + queued >= 2 && parked + queued + completed === 4;
      return batch.status === 'blocked' && isStill ? batch : null;
    },
  );
  same(blocked.blocked?.reason, 'out_of_credits', 'reason');
  const hook = await until('batch.blocked', () => world.hooks('batch.blocked')[0] ?? null);
  same(hook.data.status, 'blocked', 'status in the webhook');
  const before = world.sessions().map((session) => session.id);
  await world.admin('credits', { all: true, available: 10_000 });
  await world.ended(id);
  for (const index of [0, 1, 2, 3]) mustComplete(await world.file(id, index));
  const after = world.sessions().map((session) => session.id);
  same(
    before.filter((each) => !after.includes(each)),
    [],
    'sessions that were left',
  );
  same(after.length, 4, 'sessions');
  same(world.hooks('batch.blocked').length, 1, 'batch.blocked webhooks');
  return blocked.blocked?.help_url ?? '';
}

export const rows: readonly Row[] = [
  {
    what: '2001: parked, batch.blocked, resumes after a top-up',
    rule: 'seed: 2001 registration link with ?bind=<id>',
    sandbox: { credits: 100 },
    run: async (world) => {
      const link = await outThenTopUp(world);
      const { account } = world.sessions()[0] ?? { account: '' };
      must(link.endsWith(`/register?bind=${account}`), `the link: ${link}`);
      return link.replace(account, '<anonymous user id>');
    },
  },
  {
    what: '2001 of a registered account: says top up',
    rule: 'seed: registered users top up',
    env: { NEMO_TOKEN: 'nmv_registered_token_of_ours' },
    sandbox: { tokens: [{ token: 'nmv_registered_token_of_ours', credits: 100 }] },
    run: async (world) => {
      const link = await outThenTopUp(world);
      must(!link.includes('bind'), `the link: ${link}`);
      return link;
    },
  },
  {
    what: '2001 once, with credits there',
    rule: 'design §6: un-parks by itself',
    env: {},
    run: async (world) => {
      await world.fault('out-of-credits', { file: null });
      const { id } = await world.post(texts);
      await world.ended(id);
      mustComplete(await world.file(id));
      same(world.sessions().length, 1, 'sessions');
      return 'completed in the same session';
    },
  },
  {
    what: 'renders go on while the account is out of credits',
    rule: 'upstream: export costs nothing; design §5',
    sandbox: { credits: 50 },
    run: async (world) => {
      await world.fault('render-unknown-status', { file: 0, times: 4 });
      const { id } = await world.post(['mute'], { files: filesOf(world, 2) });
      await until('one completed, one parked', async () => {
        const { counts } = await world.batch(id);
        return counts['completed'] === 1 && counts['parked'] === 1 ? true : null;
      });
      await world.act(id, 'cancel');
      await world.ended(id);
      return 'completed beside a parked one';
    },
  },
  {
    what: 'resume by the caller after a top-up',
    rule: 'design §6',
    sandbox: { credits: 0 },
    run: async (world) => {
      const { id } = await world.post(['mute']);
      await until('parked', async () => ((await world.batch(id)).counts['parked'] === 1 ? true : null));
      await world.admin('credits', { all: true, available: 500 });
      await world.act(id, 'resume');
      await world.ended(id);
      mustComplete(await world.file(id));
      return 'completed';
    },
  },
  {
    what: 'GET /credits',
    rule: 'seed: Check remaining credits (available, frozen, total)',
    run: async (world) => {
      const { status, body } = await world.api('GET', '/credits');
      same(status, 200, 'status');
      const { available, frozen, total } = body as Record<string, number>;
      must(total === (available ?? 0) + (frozen ?? 0), JSON.stringify(body));
      return 'available + frozen = total';
    },
  },
  {
    what: 'a shortfall is a warning, a dry run starts nothing',
    rule: 'design §6; seed: 100 free credits',
    sandbox: { credits: 100 },
    run: async (world) => {
      await world.api('GET', '/credits');
      const body = { instructions: texts, files: filesOf(world, 4) };
      const dry = await world.api('POST', '/batches', { ...body, dry_run: true });
      same(dry.status, 200, 'dry run');
      same((dry.body as { estimate: { credits: number } }).estimate.credits, 200, 'estimate');
      same(world.ledger().totals.sessions, 0, 'sessions');
      const posted = await world.post(texts, { files: filesOf(world, 4) });
      must(
        (posted.warnings ?? []).some(({ code }) => code.includes('credits')),
        JSON.stringify(posted.warnings),
      );
      await world.act(posted.id, 'cancel');
      await world.ended(posted.id);
      return JSON.stringify(posted.warnings?.map(({ code }) => code));
    },
  },
  ...(['session', 'run_sse', 'state'] as const).map((endpoint): Row => ({
    what: `403 at ${endpoint}`,
    rule: 'upstream: 403 scope refusal, no retry',
    env: {},
    run: async (world) => {
      await world.fault('forbidden', { endpoint, file: null });
      const { id } = await world.post(texts);
      await world.ended(id);
      same((await world.file(id)).error?.code, 'forbidden', 'the file');
      same(world.ledger().counts[endpoint]?.total, 1, 'calls');
      return 'forbidden, one call';
    },
  })),
];
