/** The whole service with a sandbox, a receiver and a recorder, for a tour through the API. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openWorld, type World } from '../end-to-end/open-world.ts';
import { createRecorder, type Recorder } from './recorder.ts';

export const keys = { operator: 'operator-of-acme', viewer: 'viewer-of-acme', busy: 'operator-of-busy' };
export const secret = `whsec_${Buffer.from('an example, not a secret').toString('base64')}`;
/** Beyond what the tour itself asks in a minute. */
export const requestsAMinute = 600;

export interface Tour extends Recorder {
  readonly world: World;
  readonly receiver: string;
  readonly ended: (id: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Takes webhooks, the first of them late, and files at `/storage/…`, but not with a signature that has expired. */
async function openReceiver(): Promise<{ url: string; close: () => void }> {
  const state = { told: 0 };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url?.startsWith('/storage/expired') === true) response.writeHead(403).end('Request has expired');
      else if (request.url === '/hook' && (state.told += 1) === 1) response.writeHead(500).end('try again');
      else response.writeHead(200).end('thanks');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.closeAllConnections() ?? server.close() };
}

export async function openTour(): Promise<Tour> {
  const receiver = await openReceiver();
  const { operator, viewer, busy } = keys;
  const world = await openWorld({
    environment: {
      API_KEYS: `acme:${operator},acme:${viewer}:viewer,busy:${busy}`,
      API_RATE_LIMIT: String(requestsAMinute),
      PUBLIC_URL: 'https://video.example',
      WEBHOOK_RETRY_MS: '0,100,60000',
    },
  });
  const hosts = new Map([
    [world.clips.url('').replace(/\/$/, ''), 'https://media.example'],
    [receiver.url, 'https://shop.example'],
    [world.sandbox.url, 'https://upstream.example'],
  ]);
  const recorder = createRecorder(world.api, operator, hosts);
  const headers = { authorization: `Bearer ${operator}` };
  const ended = (id: string): Promise<void> =>
    eventually(`${id} ends`, async () => {
      const batch = await (await fetch(`${world.api}/batches/${id}`, { headers })).json();
      return (batch as { finished_at: string | null }).finished_at !== null;
    });
  const close = async (): Promise<void> => {
    await world.close();
    receiver.close();
  };
  return { ...recorder, world, receiver: receiver.url, ended, close };
}

export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
    await delay(100);
  }
}
