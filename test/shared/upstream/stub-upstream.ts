/** A real HTTP server whose answers a test writes by hand, and a client for it. It records what it was sent. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { openUpstream, type UpstreamSettings } from '../../../src/shared/upstream/open-upstream.ts';
import type { Upstream } from '../../../src/shared/upstream/types.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Stub {
  readonly up: Upstream;
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  readonly close: () => Promise<void>;
}

export const token = 'nmv_usr_secret_0123456789';
export const attribution = {
  'x-skill-source': 'batch-video',
  'x-skill-version': '9.8.7',
  'x-skill-platform': 'cursor',
};

export async function startStub(
  answer: (request: Received, response: ServerResponse) => void,
  settings: Partial<UpstreamSettings> = {},
): Promise<Stub> {
  const received: Received[] = [];
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks) });
      answer(received.at(-1)!, response);
    });
  });
  return open(server, received, settings);
}

/** Answers with bytes as they are: no framing but what the test wrote. `requestText` is the whole request once it ended. */
export async function startRawStub(
  answer: (socket: Socket, requestText: string) => void,
  settings: Partial<UpstreamSettings> = {},
): Promise<Stub> {
  const server = createNetServer((socket) => {
    let text = '';
    let answered = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (answered || head < 0 || text.length < head + 4 + length) return;
      answered = true;
      answer(socket, text);
    });
  });
  return open(server, [], settings);
}

async function open(server: Server, received: Received[], settings: Partial<UpstreamSettings>): Promise<Stub> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const up = openUpstream({
    baseUrl: `${url}/`,
    webUrl: 'https://web.example/',
    skillSource: 'cursor',
    installPath: '/srv/app',
    version: '9.8.7',
    ...settings,
  });
  return {
    up,
    url,
    port,
    received,
    close: async () => {
      await Promise.all([up.dispatcher.destroy(), up.outputDispatcher.destroy()]);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
