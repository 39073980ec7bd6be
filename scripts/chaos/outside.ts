/** Everything outside the service: clips to fetch, places to put outputs, a receiver of webhooks that may refuse. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly id: string | null;
  readonly body: { type: string; data: { batch_id: string } } | null;
  /** Of the bytes: a repeat must bring the very same ones. */
  readonly sha256: string;
  /** What it was answered. */
  readonly status: number;
}

export interface Outside {
  readonly url: string;
  /** Statuses that the next requests to a path get, before they are taken as usual. */
  readonly answers: Map<string, number[]>;
  readonly close: () => void;
}

export async function openOutside(clip: Buffer, received: Received[]): Promise<Outside> {
  const answers = new Map<string, number[]>();
  const server = createServer((request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') serve(clip, request, response);
    else take(request, response, { answers, received });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function serve(clip: Buffer, request: IncomingMessage, response: ServerResponse): void {
  if (request.url?.startsWith('/gone') === true) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.length });
  response.end(request.method === 'HEAD' ? undefined : clip);
}

function take(
  request: IncomingMessage,
  response: ServerResponse,
  { answers, received }: { answers: Outside['answers']; received: Received[] },
): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('error', () => undefined);
  request.on('end', () => {
    const bytes = Buffer.concat(chunks);
    const header = request.headers['webhook-id'];
    const id = typeof header === 'string' ? header : null;
    const body = id === null ? null : (JSON.parse(bytes.toString()) as Received['body']);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const path = request.url ?? '';
    const status = answers.get(path)?.shift() ?? 200;
    received.push({ method: request.method ?? '', path, id, body, sha256, status });
    response.writeHead(status).end();
  });
}
