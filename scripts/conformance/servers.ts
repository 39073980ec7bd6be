/** What stands around the service: where sources are fetched from, and where webhooks go. One of each for the whole run. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Received } from './types.ts';

export interface Server {
  readonly url: string;
  readonly close: () => void;
}

/** Enough of an MP4 for whoever looks at the first bytes; the sandbox opens nothing in copy mode. */
export const clipBytes: Buffer = Buffer.concat([
  Buffer.from([0, 0, 0, 24]),
  Buffer.from('ftypisom\0\0\0\0isomavc1', 'latin1'),
  Buffer.alloc(40_000, 7),
]);

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The same bytes under every name. */
export function serveClips(): Promise<Server> {
  return listen((request, response) => {
    response.setHeader('content-length', clipBytes.length);
    response.setHeader('content-type', request.url?.endsWith('.png') === true ? 'image/png' : 'video/mp4');
    response.end(request.method === 'HEAD' ? undefined : clipBytes);
  });
}

/** Keeps every webhook; answers 204. */
export async function receiveWebhooks(): Promise<Server & { readonly received: Received[] }> {
  const received: Received[] = [];
  const server = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Pick<Received, 'type' | 'data'>;
      received.push({ ...body, at: Date.now(), id: String(request.headers['webhook-id'] ?? '') });
      response.writeHead(204).end();
    });
  });
  return { ...server, received };
}
