/**
 * The baseline of the pipeline: a script that makes the same HTTP calls in the same order, so many files at a time, and
 * keeps nothing: no store, no crash, no second process. Prints what it took as JSON.
 */
import { argv, cpuUsage } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { inParallel } from './in-parallel.ts';

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    upstream: { type: 'string', default: '' },
    files: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '200' },
    'settle-ms': { type: 'string', default: '50' },
    'poll-ms': { type: 'string', default: '50' },
  },
});
const settleMs = Number(values['settle-ms']);
const pollMs = Number(values['poll-ms']);
const dispatcher = new Agent({ pipelining: 1, allowH2: false });
const headers = {
  authorization: 'Bearer bench',
  'content-type': 'application/json',
  'x-skill-source': 'batch-video',
  'x-skill-version': '0.1.0',
  'x-skill-platform': 'unknown',
};

async function call(method: 'GET' | 'POST', path: string, body: string | null = null): Promise<unknown> {
  const reply = await request(`${values.upstream}${path}`, { dispatcher, method, headers, body });
  return reply.body.json();
}

interface State {
  readonly data: { readonly state: { readonly draft: unknown } };
}

async function process(index: number): Promise<void> {
  const made = (await call(
    'POST',
    '/api/tasks/me/with-session/nemo_agent',
    JSON.stringify({ task_name: 'project', language: 'en' }),
  )) as { data: { session_id: string } };
  const session = made.data.session_id;
  const source = JSON.stringify({ urls: [`http://127.0.0.1:9/plain/${index}.mp4`], source_type: 'url' });
  await call('POST', `/api/upload-video/nemo_agent/me/${session}`, source);
  const read = async (): Promise<string> => {
    const state = (await call('GET', `/api/state/nemo_agent/me/${session}/latest`)) as State;
    return JSON.stringify(state.data.state.draft);
  };
  const before = await read();
  if ((await read()) !== before) throw new Error('not steady');
  const turn = { app_name: 'nemo_agent', user_id: 'me', session_id: session };
  const stream = await request(`${values.upstream}/run_sse`, {
    dispatcher,
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream' },
    body: JSON.stringify({ ...turn, new_message: { parts: [{ text: 'trim the first 1 seconds' }] } }),
  });
  await stream.body.text();
  await read();
  await delay(settleMs);
  const draft = await read();
  if (draft === before) throw new Error('nothing changed');
  const id = `render_${Date.now()}${index}`;
  await call(
    'POST',
    '/api/render/proxy/lambda',
    `{"id":"${id}","sessionId":"${session}","draft":${draft},"output":{"format":"mp4","quality":"high"}}`,
  );
  for (;;) {
    await delay(pollMs);
    const render = (await call('GET', `/api/render/proxy/lambda/${id}`)) as {
      status: string;
      output?: { url: string };
    };
    if (render.status !== 'completed' || render.output === undefined) continue;
    for (const range of ['bytes=0-31', 'bytes=32-63']) {
      const part = await request(render.output.url, { dispatcher, headers: { range } });
      await part.body.arrayBuffer();
    }
    return;
  }
}

const files = Number(values.files);
const before = cpuUsage();
const startedAt = performance.now();
await inParallel(files, Number(values.concurrency), process);
const ms = performance.now() - startedAt;
const { user, system } = cpuUsage(before);
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000 }));
await dispatcher.destroy();
