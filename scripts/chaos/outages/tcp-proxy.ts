/** What lies between the service and its Redis in a scenario: it can be cut, slowed, and led to another server. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** From the next connection on. */
  readonly leadTo: (port: number) => void;
  /** Each reply comes so much later. */
  readonly slowDown: (delayMs: number) => void;
  /** The next so many replies that carry a script's result never arrive: the connection is cut when they come. */
  readonly cutReplies: (count: number) => void;
  readonly cutsLeft: () => number;
  readonly cutAll: () => void;
  /** Nobody listens there, until it is taken back. */
  readonly refuse: (on: boolean) => Promise<void>;
  /** Takes everything and answers nothing: packets that vanish. */
  readonly swallow: (on: boolean) => void;
  readonly close: () => void;
}

export async function openTcpProxy(firstPort: number): Promise<TcpProxy> {
  const state = { target: firstPort, delayMs: 0, cuts: 0, swallows: false };
  const sockets = new Set<Socket>();
  const server = createServer((inside) => {
    const outside = connect(state.target, '127.0.0.1');
    let ranScript = false;
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    inside.on('close', () => outside.destroy());
    outside.on('close', () => inside.destroy());
    inside.on('data', (bytes) => {
      if (state.swallows) return;
      ranScript ||= bytes.includes('evalsha');
      outside.write(bytes);
    });
    outside.on('data', (bytes) => {
      if (state.swallows) return;
      if (state.cuts > 0 && ranScript) {
        state.cuts -= 1;
        inside.destroy();
      } else if (state.delayMs === 0) inside.write(bytes);
      else setTimeout(() => inside.write(bytes), state.delayMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cutAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port,
    leadTo: (port) => (state.target = port),
    slowDown: (delayMs) => (state.delayMs = delayMs),
    cutReplies: (count) => (state.cuts = count),
    cutsLeft: () => state.cuts,
    cutAll,
    refuse: async (on) => {
      if (!on) {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
        return;
      }
      server.close();
      cutAll();
      await once(server, 'close');
    },
    swallow: (on) => (state.swallows = on),
    close: () => {
      cutAll();
      server.close();
    },
  };
}
