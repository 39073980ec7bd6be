/** Whom batches tell and deliver to: webhooks are refused, so that they stay pending, and a PUT never gets its answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export async function openReceiver(): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.method !== 'PUT') response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
