/** What a user says (seed, "Matching Input to Actions"): what is not an edit never goes to SSE; and the rest of the seed. */
import { send, until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { FileView } from '../types.ts';
import type { World } from '../world.ts';
import { mustComplete, runOne } from './stream-forms.ts';

interface Answer {
  readonly action: string;
  readonly output?: { readonly url: string } | null;
  readonly credits?: { readonly available: number } | null;
  readonly timeline?: { readonly summary: string } | null;
}

async function say(world: World, file: FileView, body: object): Promise<Answer> {
  const reply = await world.api('POST', `/batches/${file.batch_id}/files/${file.id}/messages`, body);
  same(reply.status, 202, JSON.stringify(reply.body));
  return reply.body as Answer;
}

const words: readonly (readonly [action: string, rule: string, texts: readonly string[]])[] = [
  [
    'export',
    '"export" / "导出" / "download" / "send me the video"',
    ['export', '导出', 'download', 'send me the video', 'Export it, please.'],
  ],
  [
    'credits',
    '"credits" / "积分" / "balance" / "余额"',
    ['credits', '积分', 'balance', '余额', 'how many credits do I have left?'],
  ],
  ['state', '"status" / "状态" / "show tracks"', ['status', '状态', 'show tracks']],
];

const wordsRow = ([action, rule, texts]: (typeof words)[number]): Row => ({
  what: `says ${texts.slice(0, 3).join(', ')}, …`,
  rule: `seed: ${rule} → ${action}`,
  run: async (world) => {
    const file = await runOne(world, ['mute']);
    mustComplete(file);
    for (const text of texts) {
      const answer = await say(world, file, { text });
      same(answer.action, action, text);
      const held = { export: answer.output?.url, credits: answer.credits?.available, state: answer.timeline?.summary }[
        action
      ];
      must(held !== undefined && held !== null, `${text}: no answer in ${JSON.stringify(answer)}`);
    }
    same([world.calls('run_sse').length, world.calls('render').length], [1, 1], 'turns, renders');
    return `${texts.length} of ${texts.length}, no turn, no render`;
  },
});

const edits: readonly string[] = ['mute', 'set the volume to 35%', 'add the title "upload date"', 'fade in and out'];

export const rows: readonly Row[] = [
  ...words.map(wordsRow),
  {
    what: 'sends a file',
    rule: 'seed: "upload" / "上传" / user sends file → upload',
    run: async (world) => {
      const file = await runOne(world, ['mute']);
      const answer = await say(world, file, { assets: [{ url: world.clip(0, 'png') }] });
      same(answer.action, 'upload', 'action');
      await until('it is there', () => (world.sessions()[0]?.uploads.length === 2 ? true : null));
      await until('completed again', async () =>
        (await world.file(file.batch_id)).status === 'completed' ? true : null,
      );
      same([world.sessions().length, world.calls('run_sse').length], [1, 1], 'sessions, turns');
      return 'into the kept session, no turn';
    },
  },
  {
    what: 'everything else goes to SSE, and is rendered again',
    rule: 'seed: Everything else → SSE; Iterative',
    run: async (world) => {
      const file = await runOne(world, ['trim the first 3 seconds']);
      for (const text of edits) {
        same((await say(world, file, { text })).action, 'edit', text);
        await until('completed again', async () =>
          (await world.file(file.batch_id)).status === 'completed' ? true : null,
        );
      }
      const { turns, renders } = world.sessions()[0] ?? { turns: [], renders: 0 };
      same([turns.length, renders], [1 + edits.length, 1 + edits.length], 'turns, renders');
      return `${edits.length} more turns and renders in the same session`;
    },
  },
  {
    what: 'keyword and intent: "export the audio at 30 %" is an edit',
    rule: 'seed: keyword and intent classification',
    mayRepeat: true,
    run: async (world) => {
      const file = await runOne(world, ['mute']);
      for (const text of ['export the audio at 30 %', 'put the upload date in the title']) {
        same((await say(world, file, { text })).action, 'edit', text);
        await until('ended', async () => ((await world.file(file.batch_id)).status === 'completed' ? true : null));
      }
      return 'two edits (asked back by the sandbox, the output stays)';
    },
  },
  {
    what: 'the three examples of the seed',
    rule: 'seed: Try saying',
    run: async (world) => {
      const assets = [{ url: world.clip(0, 'png') }];
      const { id } = await world.post(['add a logo watermark and trim the first 3 seconds from all videos'], {
        assets,
      });
      await world.ended(id);
      mustComplete(await world.file(id));
      return 'logo + trim completed';
    },
  },
  {
    what: 'a vague instruction is warned of',
    rule: 'seed: Instead of "make it look better", …',
    run: async (world) => {
      const posted = await world.post(['make it look better']);
      await world.act(posted.id, 'cancel');
      await world.ended(posted.id);
      must((posted.warnings ?? []).length > 0, 'no warning');
      return JSON.stringify(posted.warnings?.map(({ code }) => code));
    },
  },
  {
    what: 'a link to the session in the browser',
    rule: 'upstream: claim-token',
    run: async (world) => {
      const file = await runOne(world, ['mute']);
      const { body } = await send('GET', `${world.place.service}/batches/${file.batch_id}/files/${file.id}`);
      const { session } = body as FileView;
      must(/\/workspace\/claim\?ct=clm_/u.test(session?.open_url ?? ''), `${session?.open_url}`);
      return '…/workspace/claim?ct=clm_…';
    },
  },
  {
    what: 'clips of similar length together',
    rule: 'seed: Tip: group clips with similar lengths',
    run: async (world) => {
      const files = [0, 1, 2].map((index) => ({ source: { url: world.clip(index) } }));
      const { id } = await world.post(['mute'], { files, order: 'longest_first' });
      await world.ended(id);
      for (const index of files.keys()) mustComplete(await world.file(id, index));
      return 'longest_first completed';
    },
  },
  {
    what: 'a note every 2 min: "Still working…"',
    rule: 'seed: heartbeat → Every 2 min',
    skip: 'takes two real minutes; test/api/events.test.ts lets a clock of its own run them',
    run: async () => '',
  },
  {
    what: '"Connecting…", then "Ready"',
    rule: 'seed: Show a brief status',
    skip: 'said by the command line; test/slow/command-line.slow.ts looks at it',
    run: async () => '',
  },
];
