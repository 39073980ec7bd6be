/** A tour through every operation of the service that speaks JSON, against a sandbox that really edits. */
import type { Examples } from '../../src/api/add-examples.ts';
import { knowStore } from '../../src/shared/know-store.ts';
import { openTestApi } from '../api/open-test-api.ts';
import { openTestRedis } from '../redis-server.ts';
import { eventually, openTour, secret, type Tour } from './open-tour.ts';
import { takeRefusals } from './take-refusals.ts';

export async function takeTour(): Promise<Examples> {
  const tour = await openTour();
  try {
    await health(tour);
    const batch = await oneBatch(tour);
    await actions(tour);
    await takeRefusals(tour, batch);
    return tour.examples();
  } finally {
    await tour.close();
  }
}

async function health({ ask }: Tour): Promise<void> {
  await ask({ operation: 'get /healthz', status: 200, as: 'ok' });
  await ask({ operation: 'get /readyz', status: 200, as: 'ok' });
  const redis = await openTestRedis();
  const api = await openTestApi(redis.socketPath);
  try {
    const address = await api.app.listen({ port: 0, host: '127.0.0.1' });
    await knowStore(api.ctx, true);
    await api.ctx.redis.flushall();
    await eventually('the loss is seen', async () => (await fetch(`${address}/healthz`)).status === 503);
    await ask({ operation: 'get /healthz', address, status: 503, as: 'emptied' });
    await ask({ operation: 'get /readyz', address, status: 503, as: 'emptied' });
    await ask({ operation: 'get /batches', address, status: 503, also: ['*'] });
    await redis.close();
    await eventually('it is away', async () => (await fetch(`${address}/readyz`)).status === 503);
    await ask({ operation: 'get /readyz', address, status: 503, as: 'away' });
    await ask({ operation: 'get /batches', address, status: 503, also: ['*'] });
  } finally {
    await api.close();
    await redis.close();
  }
}

/** A batch with a file that ends well and one that cannot be delivered, and everything that is said of it. */
async function oneBatch({ ask, world, receiver, ended }: Tour): Promise<{ id: string; fileId: string }> {
  const clip = Buffer.from(await (await fetch(world.clips.url('a.mp4'))).arrayBuffer());
  const upload = await ask({ operation: 'post /uploads', query: '?name=b.mp4', rawBody: clip, status: 201 });
  const body = {
    name: 'spring',
    instructions: ['trim the first 3 seconds'],
    metadata: { order: 7 },
    webhook: { url: `${receiver}/hook`, secret, events: ['batch.completed', 'file.failed'] },
    files: [
      { source: { url: world.clips.url('a.mp4') }, custom_id: 'sku-1' },
      {
        source: { upload_id: upload.id },
        instructions: ['trim the first 2 seconds', 'mute the sound'],
        destination: { put_url: `${receiver}/storage/expired` },
      },
    ],
  };
  await ask({ operation: 'post /batches', as: 'dry_run', body: { ...body, dry_run: true }, status: 200 });
  const { id } = await ask({ operation: 'post /batches', as: 'batch', body, status: 202 });
  await ended(id);
  const at = { path: { id }, status: 200 };
  await ask({ operation: 'get /batches', status: 200 });
  await ask({ operation: 'get /batches/{id}', ...at });
  const files = await ask({ operation: 'get /batches/{id}/files', ...at });
  await ask({ operation: 'get /batches/{id}/results', ...at, as: 'line' });
  const [good, bad] = files.data;
  const file = (one: { id: string }) => ({ id, file_id: one.id });
  await ask({ operation: 'get /batches/{id}/files/{file_id}', path: file(good), status: 200, as: 'completed' });
  await ask({ operation: 'get /batches/{id}/files/{file_id}', path: file(bad), status: 200, as: 'failed' });
  await ask({ operation: 'get /credits', status: 200 });
  const say = async (as: string, message: object): Promise<void> => {
    const operation = 'post /batches/{id}/files/{file_id}/messages';
    await ask({ operation, as, path: file(good), body: message, status: 202 });
  };
  await say('export', { text: 'export the video' });
  await say('credits', { text: 'how many credits are left?' });
  await say('state', { text: 'what is on the timeline now?' });
  await say('edit', { text: 'add the title "Spring sale"' });
  await ended(id);
  await deliveries({ ask, receiver }, id);
  const again = { files: [{ id: bad.id, destination: { put_url: `${receiver}/storage/b.mp4` } }] };
  await ask({ operation: 'post /batches/{id}/retry', as: 'new_destination', path: { id }, body: again, status: 202 });
  await ended(id);
  return { id, fileId: good.id };
}

async function deliveries({ ask, receiver }: Pick<Tour, 'ask' | 'receiver'>, id: string): Promise<void> {
  const operation = 'get /webhook-deliveries';
  const query = `?batch_id=${id}&status=delivered`;
  let page = await ask({ operation, query, status: 200 });
  await eventually('both events are taken', async () => {
    page = await ask({ operation, query, status: 200 });
    return page.data.length >= 3;
  });
  const path = { id: page.data.at(-1).id };
  await ask({ operation: 'post /webhook-deliveries/{id}/redeliver', path, body: {}, status: 202 });
  await ask({ operation: 'post /webhooks/test', body: { url: `${receiver}/test`, secret }, status: 200 });
}

/** A batch whose turn goes on until it is canceled. */
async function actions({ ask, world }: Tour): Promise<void> {
  await fetch(`${world.sandbox.url}/admin/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'heartbeats-only', params: { everyMs: 100 } }),
  });
  const body = { instructions: ['mute the sound'], files: [{ source: { url: world.clips.url('c.mp4') } }] };
  const { id } = await ask({ operation: 'post /batches', as: 'smallest', body, status: 202 });
  await eventually('the turn has begun', async () => {
    const page = await ask({ operation: 'get /batches/{id}/files', as: 'editing', path: { id }, status: 200 });
    return page.data[0].status === 'editing' && page.data[0].steps.length >= 2;
  });
  const act = (action: string, sent: object): Promise<unknown> =>
    ask({ operation: `post /batches/{id}/${action}`, path: { id }, body: sent, status: 202 });
  await act('pause', {});
  await act('resume', { max_credits: 500 });
  await act('cancel', {});
}
