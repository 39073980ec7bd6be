/** Effects that show up after the stream has closed, and refusals within the stream. */
import { until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { FileView } from '../types.ts';
import type { World } from '../world.ts';
import { mustComplete } from './stream-forms.ts';
import { mustFail, turnsSent } from './turn-outcomes.ts';

/** The second read comes EDIT_RECHECK_MS after the first; the late stage in between, after a hasty next turn. */
const lateMs = 1500;
const env = { EDIT_RECHECK_MS: '3000' };

async function logoThenNext(world: World, second: { readonly fault: string } | null): Promise<FileView> {
  await world.fault('two-stage-state', { text: 'logo', params: { delayMs: lateMs } });
  if (second !== null) await world.fault(second.fault, { text: 'mute' });
  const assets = [{ url: world.clip(0, 'png') }];
  const { id } = await world.post(['trim the first 3 seconds and add a logo watermark', 'mute'], { assets });
  await world.ended(id);
  return world.file(id);
}

const refusedInStream = (code: number): Row => ({
  what: `turn: error event ${code}, not applied → a first send later`,
  rule: 'design §4 (5): counts as a refusal',
  env: {},
  mayRepeat: true,
  run: async (world) => {
    await world.fault('stream-error', { file: null, params: { code, message: 'refused' } });
    const { id } = await world.post(['trim the first 3 seconds']);
    if (code === 2001) {
      const hook = await until('batch.blocked', () => world.hooks('batch.blocked')[0] ?? null);
      same(hook.data.status, 'blocked', 'status in the webhook');
    }
    await world.ended(id);
    mustComplete(await world.file(id));
    same(world.sessions().length, 1, 'sessions');
    return `completed, ${turnsSent(world)} sends in one session`;
  },
});

const codeInStream = (code: number, apply: boolean): Row => ({
  what: `turn: error event ${code}, ${apply ? 'applied all the same' : 'not applied → nobody knows'}`,
  rule: 'design §4 (5): any other code',
  env: {},
  run: async (world) => {
    await world.fault('stream-error', { file: null, params: { code, message: 'refused', apply } });
    const { id } = await world.post(['trim the first 3 seconds']);
    await world.ended(id);
    const file = await world.file(id);
    if (apply) mustComplete(file);
    else mustFail(file, 'edit_unconfirmed');
    same([world.sessions().length, world.calls('run_sse').length], [1, 1], 'sessions, POSTs of turns');
    return `${file.error?.code ?? file.status}, one POST`;
  },
});

export const rows: readonly Row[] = [
  {
    what: 'turn: two-stage state, all of it waited for',
    rule: 'upstream rule 6; design §4 (3)',
    env,
    run: async (world) => {
      const file = await logoThenNext(world, null);
      mustComplete(file);
      must(/png/iu.test(file.timeline?.summary ?? ''), `the late layer is missing: ${file.timeline?.summary}`);
      return file.timeline?.summary.replace(/r\d+-/gu, '') ?? '';
    },
  },
  {
    what: 'turn: second stage does not pass for the next turn’s effect',
    rule: 'upstream rule 6; design §4 (3)',
    env,
    run: async (world) => {
      const file = await logoThenNext(world, { fault: 'silent-no-op' });
      mustFail(file, 'edit_not_applied');
      same(turnsSent(world), 2, 'turns');
      return 'edit_not_applied';
    },
  },
  refusedInStream(2001),
  refusedInStream(429),
  ...[1001, 403].flatMap((code) => [codeInStream(code, false), codeInStream(code, true)]),
];
