/** One batch with every kind of source, a destination and a webhook, through the whole service. */
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { makeClip, makeLogo } from '../../src/sandbox/make-clips.ts';
import { openWorld, type World } from './open-world.ts';
import { assertPaidOnce, postBatch, readLedger, readResults, until, untilEnded } from './world.ts';

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Takes whatever is sent to it: a caller's receiver and its storage in one. */
async function openReceiver(): Promise<{ url: string; received: Received[]; close: () => void }> {
  const received: Received[] = [];
  const take = async (request: IncomingMessage): Promise<void> => {
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body: await buffer(request) });
  };
  const server = createServer((request, response) => {
    void take(request).finally(() => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received, close: () => server.close() };
}

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
let world: World;
let media: string;

before(async () => {
  media = await mkdtemp(join(tmpdir(), 'bv-media-'));
  await makeClip({ path: join(media, 'local.mp4'), seconds: 4, width: 160, height: 90, label: 'local' });
  await makeLogo({ path: join(media, 'logo.png') });
  world = await openWorld({ environment: { MEDIA_ROOT: media } });
});
after(async () => {
  await world.close();
  await rm(media, { recursive: true, force: true });
});

async function upload(name: string): Promise<string> {
  const response = await fetch(`${world.api}/uploads?name=${name}`, {
    method: 'POST',
    body: await readFile(join(media, name)),
  });
  assert.equal(response.status, 201);
  return ((await response.json()) as { id: string }).id;
}

test('takes URL, upload and path, delivers the output and tells the caller with a signature', async (t) => {
  const receiver = await openReceiver();
  t.after(receiver.close);
  await copyFile(join(media, 'local.mp4'), join(media, 'sent.mp4'));
  const instructions = ['trim the first 3 seconds', 'add a logo watermark'];
  const { id } = await postBatch(world.api, {
    instructions,
    metadata: { order: 7 },
    assets: [{ upload_id: await upload('logo.png') }],
    webhook: { url: `${receiver.url}/hook`, secret, events: ['batch.completed', 'file.completed'] },
    files: [
      { source: { url: world.clips.url('far.mp4') }, custom_id: 'a' },
      { source: { upload_id: await upload('sent.mp4') } },
      { source: { path: 'local.mp4' }, destination: { put_url: `${receiver.url}/put?signature=1` } },
    ],
  });
  const batch = await untilEnded(world.api, id);
  const files = await readResults(world.api, id);
  assert.deepEqual(
    files.map(({ status, error }) => error ?? status),
    ['completed', 'completed', 'completed'],
  );
  assert.equal(batch.status, 'completed');
  assertPaidOnce(await readLedger(world.sandbox.url), files, instructions);

  const put = receiver.received.find(({ method }) => method === 'PUT');
  const content = await fetch(`${world.api}/batches/${id}/files/${files[2]?.id}/content`);
  assert.deepEqual(put?.body, Buffer.from(await content.arrayBuffer()));
  assert.equal(put?.headers['content-length'], String(put?.body.length));

  const told = await until('all webhooks have come', async () => {
    const hooks = receiver.received.filter(({ url }) => url === '/hook');
    return hooks.length >= 4 ? hooks : null;
  });
  const events = told.map(({ body, headers }) => {
    const verified = new Webhook(secret).verify(body.toString(), headers as Record<string, string>);
    return verified as { type: string; data: { batch_id: string; metadata: unknown; counts: { completed: number } } };
  });
  assert.deepEqual(events.map(({ type }) => type).toSorted(), [
    'batch.completed',
    'file.completed',
    'file.completed',
    'file.completed',
  ]);
  const end = events.find(({ type }) => type === 'batch.completed');
  assert.equal(end?.data.batch_id, id);
  assert.deepEqual(end?.data.metadata, { order: 7 });
  assert.equal(end?.data.counts.completed, 3);
});
