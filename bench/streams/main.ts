/** The baseline of open turns: bare undici that opens so many event streams, one connection each, and reads them. */
import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { Client } from 'undici';

const { values } = parseArgs({
  args: argv.slice(2),
  options: { upstream: { type: 'string', default: '' }, streams: { type: 'string', default: '5000' } },
});
const headers = { authorization: 'Bearer bench', 'content-type': 'application/json' };
const streams = Number(values.streams);
let open = 0;

async function hold(): Promise<void> {
  const client = new Client(values.upstream, { headersTimeout: 0, bodyTimeout: 0 });
  const made = await client.request({
    path: '/api/tasks/me/with-session/nemo_agent',
    method: 'POST',
    headers,
    body: '{}',
  });
  const { data } = (await made.body.json()) as { data: { session_id: string } };
  const body = JSON.stringify({ app_name: 'nemo_agent', user_id: 'me', session_id: data.session_id });
  const stream = await client.request({ path: '/run_sse', method: 'POST', headers, body });
  open += 1;
  if (open === streams) console.log('listening');
  for await (const _chunk of stream.body);
  await client.close();
}

// A few at a time: the stub's line of connections to come is not endless.
let next = 0;
const lane = async (): Promise<void> => {
  while (next < streams) {
    next += 1;
    hold().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};
await Promise.all(Array.from({ length: 4 }, lane));
