/** Of bodies that come at once only two are parsed and handled at a time; one whose sender left takes no place. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as openRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { largeBodyBytes, takeLargeBodiesInTurn } from '../../src/api/large-bodies.ts';
import { acceptJsonOnly } from '../../src/api/parse-json-body.ts';

test('large bodies are handled two at a time, small ones at once', async (t) => {
  const app = fastify({ bodyLimit: 2 * largeBodyBytes });
  takeLargeBodiesInTurn(app);
  acceptJsonOnly(app);
  const entered: string[] = [];
  const answers = new Map<string, () => void>();
  let changed = Promise.withResolvers<void>();
  app.post<{ Body: { name: string } }>('/', async ({ body }) => {
    entered.push(body.name);
    const answer = new Promise<void>((resolve) => answers.set(body.name, resolve));
    changed.resolve();
    changed = Promise.withResolvers();
    await answer;
    return body.name;
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => app.close());
  const { port } = app.server.address() as AddressInfo;

  const send = (name: string, bytes: number) => {
    const sent = openRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    const met = once(app.server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const arrived = met.then(([request]) => once(request, 'end'));
    const closed = met.then(([, response]) => once(response, 'close'));
    sent.on('error', () => undefined);
    sent.end(JSON.stringify({ name, filler: 'x'.repeat(bytes) }));
    return { sent, arrived, closed };
  };
  const enters = async (name: string): Promise<void> => {
    while (!entered.includes(name)) await changed.promise;
  };

  for (const name of ['first', 'second']) {
    send(name, largeBodyBytes);
    await enters(name);
  }
  const gone = send('gone', largeBodyBytes);
  await gone.arrived;
  await send('third', largeBodyBytes).arrived;
  await send('fourth', largeBodyBytes).arrived;
  send('small', 10);
  await enters('small');
  assert.deepEqual(entered, ['first', 'second', 'small']);

  gone.sent.destroy();
  await gone.closed;
  answers.get('first')?.();
  await enters('third');
  answers.get('second')?.();
  await enters('fourth');
  assert.deepEqual(entered, ['first', 'second', 'small', 'third', 'fourth']);
  for (const name of ['third', 'fourth', 'small']) answers.get(name)?.();
});
