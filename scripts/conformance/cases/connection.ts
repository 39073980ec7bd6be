/** Getting connected (seed): which token, how many, what happens when it dies, and what every call carries. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { World } from '../world.ts';
import { mustComplete, runOne } from './stream-forms.ts';

const token = 'nmv_registered_token_of_ours';
const registered = { tokens: [{ token, credits: 25_000 }] };
const texts = ['trim the first 3 seconds', 'mute'];
const filesOf = (world: World, count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: world.clip(index) } }));
const mintCalls = (world: World): number => world.ledger().counts['anonymous-token']?.total ?? 0;

const renewal = (fault: string): Row => ({
  what: `token dies in the middle of 20 files (${fault})`,
  rule: 'seed: 1001 re-acquire; upstream: single-flight',
  env: {},
  run: async (world) => {
    const { id } = await world.post(texts, { files: filesOf(world, 20) });
    await until('some have edited', () => (world.ledger().totals.turns >= 5 ? true : null));
    if (fault === 'admin') await world.admin('tokens/expire', {});
    else await world.fault(fault, { endpoint: 'state', file: null });
    await world.ended(id);
    for (const index of Array(20).keys()) mustComplete(await world.file(id, index));
    same(mintCalls(world), 2, 'calls of anonymous-token');
    const clients = new Set(world.ledger().tokens.map(({ clientId }) => clientId));
    same(clients.size, 1, 'client ids');
    return 'all completed, one renewal, same client id';
  },
});

export const rows: readonly Row[] = [
  {
    what: 'NEMO_TOKEN is used directly',
    rule: 'seed: If NEMO_TOKEN is in the environment',
    env: { NEMO_TOKEN: token },
    sandbox: registered,
    run: async (world) => {
      mustComplete(await runOne(world, texts));
      same([mintCalls(world), world.ledger().sessions[0]?.token], [0, token], 'anonymous-token calls, token');
      return 'no anonymous-token call';
    },
  },
  {
    what: 'anonymous token with a client id that is kept',
    rule: 'seed: Generate a UUID as client identifier',
    env: {},
    run: async (world) => {
      mustComplete(await runOne(world, texts));
      const [first] = world.ledger().tokens;
      must(
        /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u.test(first?.clientId ?? ''),
        `${first?.clientId}`,
      );
      // A process that starts anew goes on with both; a dead token is renewed under the same client id.
      world.use(await world.place.restart());
      mustComplete(await runOne(world, texts).then(async () => world.file(world.posted()[1] ?? '')));
      same(mintCalls(world), 1, 'calls of anonymous-token after a restart');
      await world.admin('tokens/expire', {});
      world.use(await world.place.restart());
      const { id } = await world.post(['mute'], { files: [{ source: { url: world.clip(2) } }] });
      await world.ended(id);
      mustComplete(await world.file(id));
      same(new Set(world.ledger().tokens.map(({ clientId }) => clientId)).size, 1, 'client ids');
      return 'a UUID, the same after two restarts, token kept too';
    },
  },
  {
    what: 'one token for 30 files at once',
    rule: 'seed: use it as NEMO_TOKEN',
    env: {},
    run: async (world) => {
      const { id } = await world.post(['mute'], { files: filesOf(world, 30) });
      await world.ended(id);
      same((await world.batch(id)).counts['completed'], 30, 'completed');
      same(mintCalls(world), 1, 'calls of anonymous-token');
      return '1 token, 30 sessions';
    },
  },
  renewal('token-expires'),
  renewal('token-invalid'),
  renewal('admin'),
  ...(['session', 'upload', 'run_sse', 'render', 'render-poll'] as const).map((endpoint): Row => ({
    what: `1001 at ${endpoint}`,
    rule: 'seed: 1001; upstream: then repeat the call',
    env: {},
    run: async (world) => {
      await world.fault('token-expires', { endpoint, file: null });
      mustComplete(await runOne(world, texts));
      same(mintCalls(world), 2, 'calls of anonymous-token');
      same(world.ledger().totals.sessions, 1, 'sessions');
      return 'completed, one renewal, one session';
    },
  })),
  {
    what: '400 on anonymous-token: another client id, kept',
    rule: 'seed: 400 missing X-Client-Id, generate one and retry',
    env: {},
    run: async (world) => {
      await world.fault('client-id-refused', { file: null });
      mustComplete(await runOne(world, texts));
      const statuses = (): number[] =>
        world
          .ledger()
          .calls.filter(({ endpoint }) => endpoint === 'anonymous-token')
          .map(({ status }) => status);
      same(statuses(), [400, 200], 'answers');
      // The new one is kept: a renewal, after a restart too, comes under it.
      await world.admin('tokens/expire', {});
      world.use(await world.place.restart());
      const { id } = await world.post(['mute'], { files: [{ source: { url: world.clip(1) } }] });
      await world.ended(id);
      mustComplete(await world.file(id));
      same(statuses(), [400, 200, 200], 'answers after a restart');
      same(new Set(world.ledger().tokens.map(({ clientId }) => clientId)).size, 1, 'client ids that got a token');
      return '400, then a token under a new id that is kept';
    },
  },
  {
    what: 'NEMO_TOKEN is dead: goes on anonymously',
    rule: 'seed: 1001; design §6',
    env: { NEMO_TOKEN: 'nmv_dead_token_of_ours' },
    run: async (world) => {
      mustComplete(await runOne(world, texts));
      same(mintCalls(world), 1, 'calls of anonymous-token');
      return 'completed under an anonymous token';
    },
  },
  {
    what: 'NEMO_TOKEN is dead, NEMO_TOKEN_FALLBACK=fail: parked, resumes',
    rule: 'design §6: blocked.reason = token_invalid',
    env: { NEMO_TOKEN: token, NEMO_TOKEN_FALLBACK: 'fail' },
    run: async (world) => {
      const { id } = await world.post(texts);
      const blocked = await until('the batch is blocked', async () => {
        const batch = await world.batch(id);
        return batch.status === 'blocked' ? batch : null;
      });
      same(blocked.blocked?.reason, 'token_invalid', 'reason');
      same((await world.file(id)).waiting_for?.reason, 'token', 'waiting_for');
      await world.admin('tokens', { token, credits: 1000 });
      await world.ended(id);
      mustComplete(await world.file(id));
      same(mintCalls(world), 0, 'calls of anonymous-token');
      return 'blocked: token_invalid; completed once it is good';
    },
  },
  {
    what: 'weekly quota: 429 on anonymous-token',
    rule: 'upstream: waiting cannot help, ask for NEMO_TOKEN',
    // What rests between two questions.
    env: { CREDITS_RECHECK_MS: '2000' },
    run: async (world) => {
      await world.fault('rate-limited', { endpoint: 'anonymous-token', file: null, times: null });
      // Each of them would ask.
      const { id } = await world.post(texts, { files: filesOf(world, 12) });
      await until('asked', () => (mintCalls(world) > 0 ? true : null));
      await delay(1500);
      const asked = mintCalls(world);
      await delay(3000);
      const more = mintCalls(world) - asked;
      const [batch, file] = [await world.batch(id), await world.file(id)];
      const words = JSON.stringify([batch.blocked, file.waiting_for, file.error]);
      must(asked + more <= 4, `${asked} calls, ${more} more in 3 s: ${words}`);
      must(/NEMO_TOKEN/u.test(words), `does not say what to do: ${words}`);
      // What it asks for helps: the files that wait move to the configured token.
      await world.admin('tokens', { token, credits: 1000 });
      world.use(await world.place.restart({ NEMO_TOKEN: token }));
      await world.ended(id);
      same((await world.batch(id)).counts['completed'], 12, 'completed');
      return `${asked + more} calls, says NEMO_TOKEN, completed once it is set`;
    },
  },
  {
    what: 'all three attribution headers on every call',
    rule: 'seed: required on every request',
    env: {},
    run: async (world) => {
      await world.fault('render-url-404', { file: null });
      const { id } = await world.post(texts, { files: [{ source: { upload_id: await world.upload(world.name()) } }] });
      await world.ended(id);
      const file = await world.file(id);
      mustComplete(file);
      await world.api('GET', '/credits');
      await world.api('GET', `/batches/${id}/files/${file.id}`);
      await world.api('GET', `/batches/${id}/files/${file.id}/content`);
      const calls = world.ledger().calls.filter(({ endpoint }) => endpoint !== 'file');
      same(
        calls.filter(({ hasAttribution }) => !hasAttribution).map(({ path }) => path),
        [],
        'calls without',
      );
      const kinds = new Set(calls.map(({ endpoint }) => endpoint));
      const missing = [
        'anonymous-token',
        'session',
        'claim-token',
        'upload',
        'run_sse',
        'state',
        'credits',
        'render',
        'render-poll',
        'download',
      ].filter((kind) => !kinds.has(kind as never));
      same(missing, [], 'endpoints that were not tried');
      return `${calls.length} calls at ${kinds.size} endpoints`;
    },
  },
  {
    what: 'the token stays with the upstream',
    rule: 'upstream: never send the bearer token to a CDN host',
    skip: 'the sandbox is API and CDN on one host; test/shared/upstream/downloads.test.ts looks at it',
    run: async () => '',
  },
];
