/**
 * An upstream that costs next to nothing: it speaks one dialect of NemoVideo, edits nothing and keeps books for the
 * benchmarks. Latencies are drawn by the number of the session, so two runs meet the same ones.
 *   --turn-ms 200-600 --render-ms 600-1800   how long a turn, a render takes (default 0)
 *   --polls n           a render is done at its n-th poll, whatever the time
 *   --capacity 40@0,20@2000,60@4000          most turns and renders at once, from so many ms after the first call on; 429 above
 *   --heartbeat-ms n    a turn's stream sends a heartbeat this often (default 1000)
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { openBooks, type Session } from './books.ts';
import { createRandom } from './random.ts';

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    'turn-ms': { type: 'string', default: '0-0' },
    'render-ms': { type: 'string', default: '0-0' },
    polls: { type: 'string', default: '0' },
    capacity: { type: 'string', default: '' },
    'heartbeat-ms': { type: 'string', default: '1000' },
  },
});

const range = (text: string): readonly [number, number] => {
  const [least = 0, most = least] = text.split('-').map(Number);
  return [least, most];
};
const turnRange = range(values['turn-ms']);
const renderRange = range(values['render-ms']);
const pollsNeeded = Number(values.polls);
const heartbeatMs = Number(values['heartbeat-ms']);
const random = createRandom(1);
const books = openBooks(values.capacity);
const draw = ([least, most]: readonly [number, number]): number => Math.round(least + random() * (most - least));

/** As much as a timeline of a few segments has: what is read, hashed, stored and sent is of a realistic size. */
const segments = Array.from({ length: 6 }, (_, at) => ({
  id: `sg_${at}`,
  m: { name: `segment ${at}`, source: `https://cdn.example/media/${at}.mp4?sig=0123456789abcdef`, speed: 1 },
  d: 5000,
  sr: { s: at * 5000, d: 5000 },
}));
const draftOf = (edits: number): string =>
  JSON.stringify({ t: [{ tt: 0, sg: segments }], d: 30_000 - edits, m: { edits }, ids: [] });

/** The first bytes of an MP4, and 64 in all. */
const output = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom', 'latin1'), Buffer.alloc(52)]);

function json(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function refuse(response: ServerResponse): void {
  books.refused();
  json(response, '{"code":429,"message":"too many"}', 429);
}

function text(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

/** Counts and throws away. */
function swallow(request: IncomingMessage): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => resolve(bytes));
    request.on('error', reject);
  });
}

function runTurn(session: Session, response: ServerResponse): void {
  if (!books.enter()) return refuse(response);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const end = (): void => {
    clearInterval(heart);
    books.leave();
    session.edits += 1;
    response.end('data: {"type":"text","content":"done"}\n\n');
  };
  const heart =
    session.turnMs > heartbeatMs ? setInterval(() => response.write(': heartbeat\n\n'), heartbeatMs) : undefined;
  if (session.turnMs === 0) return end();
  response.flushHeaders();
  setTimeout(end, session.turnMs);
}

function submit(id: string, sessionId: string, response: ServerResponse): void {
  const session = books.session(sessionId);
  if (session === undefined) return json(response, '{"code":1002}');
  if (!books.enter()) return refuse(response);
  session.renderedAt = performance.now() + session.renderMs;
  session.polls = 0;
  books.renders.set(id, session);
  setTimeout(books.leave, session.renderMs);
  json(response, `{"taskId":"${id}","status":"pending","progress":0}`);
}

function poll(id: string, response: ServerResponse): void {
  const session = books.renders.get(id);
  if (session === undefined) return json(response, '{"detail":"unknown"}', 404);
  session.polls += 1;
  const isDone = session.polls >= pollsNeeded && performance.now() >= session.renderedAt;
  if (!isDone) return json(response, `{"taskId":"${id}","status":"processing","progress":50}`);
  books.renderSeen(session);
  const url = `${origin}/out/${id}.mp4`;
  json(response, `{"taskId":"${id}","status":"completed","progress":100,"output":{"url":"${url}","duration":30}}`);
}

function serveOutput(request: IncomingMessage, response: ServerResponse): void {
  const [, from = '0', to = '63'] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
  const part = output.subarray(Number(from), Number(to) + 1);
  const contentRange = `bytes ${from}-${Number(from) + part.length - 1}/${output.length}`;
  const headers = { 'content-type': 'video/mp4', 'content-length': part.length, 'content-range': contentRange };
  response.writeHead(206, headers);
  response.end(part);
}

async function upload(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers['content-type'] === 'application/json') {
    books.source(session, /https?:\/\/[^"]+/.exec(await text(request))?.[0] ?? '');
  } else {
    books.received(await swallow(request));
  }
  session.videos += 1;
  const file = '{"filename":"clip.mp4","file_type":"video","cdn_url":"https://cdn.example/clip.mp4","duration":30}';
  json(response, `{"code":0,"data":{"files":[${file}],"session_state_applied":true}}`);
}

const noSession = '{"code":1002,"message":"session not found"}';

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '';
  if (path.startsWith('/out/')) return serveOutput(request, response);
  if (path.startsWith('/api/state/')) {
    const session = books.session(path.split('/').at(-2) ?? '');
    if (session === undefined) return json(response, noSession);
    const videos = Array.from({ length: session.videos }, () => '{"filename":"clip.mp4"}').join();
    const state = `{"draft":${draftOf(session.edits)},"video_infos":[${videos}],"generated_media":[]}`;
    return json(response, `{"code":0,"data":{"session_id":"${session.id}","state":${state}}}`);
  }
  if (path === '/run_sse') {
    const session = books.session(/"session_id":"(\d+)"/.exec(await text(request))?.[1] ?? '');
    return session === undefined ? json(response, noSession) : runTurn(session, response);
  }
  if (path === '/api/render/proxy/lambda') {
    const body = await text(request);
    return submit(/"id":"([^"]+)"/.exec(body)?.[1] ?? '', /"sessionId":"([^"]+)"/.exec(body)?.[1] ?? '', response);
  }
  if (path.startsWith('/api/render/proxy/lambda/')) return poll(path.slice(path.lastIndexOf('/') + 1), response);
  if (path.startsWith('/api/upload-video/')) {
    const session = books.session(path.split('/').at(-1) ?? '');
    return session === undefined ? json(response, noSession) : upload(session, request, response);
  }
  if (path.startsWith('/api/tasks/')) {
    const session = books.open(draw(turnRange), draw(renderRange));
    return json(response, `{"code":0,"data":{"task_id":"t${session.id}","session_id":"${session.id}"}}`);
  }
  if (path.startsWith('/api/credits/')) {
    return json(response, '{"code":0,"data":{"available":1000000000,"frozen":0,"total":1000000000}}');
  }
  if (path === '/hook') {
    books.hook(await text(request));
    return json(response, '{}');
  }
  if (path === '/sink') {
    books.received(await swallow(request));
    return json(response, '{}');
  }
  if (path === '/stub/reset') books.reset();
  if (path.startsWith('/stub/')) return json(response, JSON.stringify(books.figures()));
  json(response, '{"detail":"no such path"}', 404);
}

const server = createServer((request, response) => {
  books.called(request.url ?? '');
  answer(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.listen({ port: 0, host: '127.0.0.1', backlog: 8192 });
const origin = await new Promise<string>((resolve) =>
  server.once('listening', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
);
console.log(`listening on ${origin}`);
