/** The output put to the caller's presigned URL: whole, with its length; an expired signature is the caller's to renew. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import { clipBytes } from '../servers.ts';
import { mustComplete } from './stream-forms.ts';

interface Put {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

interface Store {
  readonly url: (path: string) => string;
  readonly puts: readonly Put[];
  readonly close: () => void;
}

/** Takes what is put; `/expired` answers as S3 does to a signature that is too old, `/busy` with a 503 the first time. */
async function openStore(): Promise<Store> {
  const puts: Put[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isFirst = puts.every((put) => put.path !== path);
    puts.push({ path, headers: request.headers, bytes: Buffer.concat(chunks) });
    const status = path === '/expired' ? 403 : path === '/busy' && isFirst ? 503 : 200;
    response
      .writeHead(status)
      .end(status === 403 ? '<Error><Message>Request has expired</Message></Error>' : undefined);
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: (path) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    puts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const deliveryRow = (what: string, run: (world: Parameters<Row['run']>[0], store: Store) => Promise<string>): Row => ({
  what: `delivery: ${what}`,
  rule: 'design §4 deliver; §7 destination',
  run: async (world) => {
    const store = await openStore();
    try {
      return await run(world, store);
    } finally {
      store.close();
    }
  },
});

function mustBeWhole({ puts }: Store, path: string): void {
  const put = puts.findLast((each) => each.path === path);
  must(put?.bytes.equals(clipBytes) === true, `${path} got ${put?.bytes.length ?? 'no'} bytes`);
  same(put.headers['content-length'], String(clipBytes.length), 'Content-Length');
  same(put.headers['authorization'] ?? null, null, 'a token for the destination');
}

export const rows: readonly Row[] = [
  deliveryRow('to a presigned URL', async (world, store) => {
    const files = [{ source: { url: world.clip() }, destination: { put_url: store.url('/out.mp4') } }];
    const { id } = await world.post(['mute'], { files });
    await world.ended(id);
    mustComplete(await world.file(id));
    same(store.puts.length, 1, 'PUTs');
    mustBeWhole(store, '/out.mp4');
    return `completed, one PUT of ${clipBytes.length} bytes`;
  }),
  deliveryRow('503 once', async (world, store) => {
    const files = [{ source: { url: world.clip() }, destination: { put_url: store.url('/busy') } }];
    const { id } = await world.post(['mute'], { files });
    await world.ended(id);
    mustComplete(await world.file(id));
    mustBeWhole(store, '/busy');
    same([world.calls('run_sse').length, world.calls('render').length], [1, 1], 'turns, renders');
    return `completed, ${store.puts.length} PUTs`;
  }),
  deliveryRow('expired signature', async (world, store) => {
    const files = [{ source: { url: world.clip() }, destination: { put_url: store.url('/expired') } }];
    const { id } = await world.post(['mute'], { files });
    await world.ended(id);
    const { error } = await world.file(id);
    same(error?.code, 'delivery_failed', 'the file');
    must(/expired.*fresh/u.test(error?.message ?? ''), `does not say what to do: ${error?.message}`);
    await world.act(id, 'retry');
    await until('the retry ends', async () => ((await world.batch(id)).round === 2 ? true : null));
    same([world.calls('run_sse').length, world.calls('render').length], [1, 1], 'turns, renders');
    return 'delivery_failed, says what to do; a retry pays nothing';
  }),
];
