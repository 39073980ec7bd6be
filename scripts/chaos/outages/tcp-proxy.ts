/** What lies between the service and its Redis in a scenario: it can be cut, slowed, and led to another server. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
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
    const replies = openLine((bytes) => inside.write(bytes));
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
      } else replies.pass(bytes, state.delayMs);
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

/** Late or not, replies come in their order: one that overtook another would be taken for the answer to its command. */
function openLine(write: (bytes: Buffer) => void) {
  let waiting = 0;
  let last = Promise.resolve();
  const passLater = async (bytes: Buffer, before: Promise<void>, delayMs: number): Promise<void> => {
    await Promise.all([before, delay(delayMs)]);
    waiting -= 1;
    write(bytes);
  };
  return {
    pass: (bytes: Buffer, delayMs: number): void => {
      if (delayMs === 0 && waiting === 0) return write(bytes);
      waiting += 1;
      last = passLater(bytes, last, delayMs);
    },
  };
}
