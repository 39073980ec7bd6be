/** What a caller does after an export: retries it, takes a part of it, comes back when its link is dead. */
import { ask, send, until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { FileView } from '../types.ts';
import type { World } from '../world.ts';
import { rendersOf, texts, type Exported } from './renders.ts';
import { mustComplete, runOne } from './stream-forms.ts';

async function failThenRetry(world: World, faults: Exported['faults'], code: string): Promise<FileView> {
  for (const [name, options] of faults) await world.fault(name, options);
  const { id } = await world.post(texts);
  await world.ended(id);
  same((await world.file(id)).error?.code, code, 'before the retry');
  await world.act(id, 'retry');
  await until('the retry ends', async () => ((await world.batch(id)).status === 'completed' ? true : null));
  return world.file(id);
}

const range = async (world: World, file: FileView): Promise<string> => {
  const path = `/batches/${file.batch_id}/files/${file.id}/content`;
  const reply = await send('GET', `${world.place.service}${path}`, undefined, { range: 'bytes=4-11' });
  same([reply.status, reply.body], [206, 'ftypisom'], 'the range');
  return String(reply.headers.get('content-range'));
};

export const rows: readonly Row[] = [
  {
    what: 'render: time-out, and a retry finds it',
    rule: 'design §4: reads the old render once',
    run: async (world) => {
      mustComplete(await failThenRetry(world, [['render-unknown-status', { times: 8 }]], 'render_timeout'));
      same(rendersOf(world).length, 1, 'renders');
      return 'render_timeout, then completed under the same id';
    },
  },
  {
    what: 'render: stuck for good, a retry takes a new id',
    rule: 'design §4: not completed → new id',
    run: async (world) => {
      mustComplete(await failThenRetry(world, [['render-stuck']], 'render_timeout'));
      same(rendersOf(world).length, 2, 'renders');
      same(world.calls('run_sse').length, 1, 'turns');
      return 'render_timeout, then completed under a new id';
    },
  },
  {
    what: 'render: 402, and a retry goes on at the render',
    rule: 'upstream: 402 keep the session',
    run: async (world) => {
      const file = await failThenRetry(world, [['export-blocked']], 'export_blocked');
      mustComplete(file);
      same(
        [world.sessions().length, world.calls('run_sse').length, world.calls('upload').length],
        [1, 1, 1],
        'sessions, turns, uploads',
      );
      return 'export_blocked, then completed in the same session';
    },
  },
  {
    what: 'render: the id is render_<digits>, shown in steps',
    rule: 'seed: {"id":"render_<ts>"}',
    run: async (world) => {
      const file = await runOne(world, texts);
      const id = file.steps.find(({ step }) => step === 'render')?.render_id ?? '';
      must(/^render_\d+$/u.test(id), id);
      return 'render_<digits>';
    },
  },
  {
    what: 'render: /content with Range, by the link and by /download',
    rule: 'design §7: Range',
    run: async (world) => {
      const linked = await runOne(world, texts);
      const first = await range(world, linked);
      await world.fault('render-url-404', { file: 1 });
      const { id } = await world.post(texts, { files: [{ source: { url: world.clip(1) } }] });
      await world.ended(id);
      same(await range(world, await world.file(id)), first, 'Content-Range');
      return first;
    },
  },
  {
    what: 'render: link that dies later, /content still serves',
    rule: 'upstream: fallback when the URL does not serve',
    env: {},
    run: async (world) => {
      const file = await runOne(world, texts);
      await world.fault('html-404', { endpoint: 'file', times: null, file: null });
      const path = `/batches/${file.batch_id}/files/${file.id}/content`;
      await ask(200, 'GET', `${world.place.service}${path}`);
      return '200 by /download';
    },
  },
];
