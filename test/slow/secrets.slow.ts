/**
 * One small run at log level trace with a secret in every place where one may be, and with much that goes wrong: none of
 * them comes out in a log, a figure, an error, an event, a webhook or the name of a key.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openService } from '../../src/open-service.ts';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { secretsOf } from '../../src/shared/config/secrets-of.ts';
import { createLog } from '../../src/shared/log.ts';
import { createResources } from '../../src/shared/resources.ts';
import { openTestContext } from '../open-test-context.ts';
import { quick } from '../quick-settings.ts';
import { newPrefix, openTestRedis, silentLog, type TestRedis } from '../redis-server.ts';
import { until, type BatchView } from '../end-to-end/world.ts';

const planted = {
  apiKey: 'pl4nted-api-key',
  wrongKey: 'pl4nted-wrong-key',
  token: 'pl4nted-nemo-token',
  hook: `whsec_${Buffer.from('pl4nted-webhook-secret-0').toString('base64')}`,
  hookQuery: 'pl4nted-hook-query',
  source: 'pl4nted-source-signature',
  destination: 'pl4nted-destination-signature',
  idempotency: 'pl4nted-idempotency-key',
};
const prompt = 'pl4nted prompt';
const resources = createResources();
const logged: string[] = [];
/** Everything that came out of the service but resources of the caller's own, and those apart. */
const told: string[] = [];
const shown: string[] = [];
let redis: TestRedis;
let sandbox: OpenSandbox;
let outside: string;
let api: string;
let prefix: string;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bv-secrets-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  redis = await openTestRedis();
  resources.add('redis', redis.close);
  const tokens = [{ token: planted.token, credits: 1000 }];
  sandbox = await openSandbox({ timeScale: 0, copy: true, tokens, logLevel: 'silent' });
  resources.add('sandbox', sandbox.close);
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 1, width: 160, height: 90, label: 'secrets' });
  outside = await openOutside(await readFile(clip));
  prefix = newPrefix();
  const environment = {
    ...quick,
    REDIS_URL: redis.url,
    REDIS_PREFIX: prefix,
    DATA_DIR: folder,
    NEMO_API_URL: sandbox.url,
    NEMO_TOKEN: planted.token,
    API_KEYS: `acme:${planted.apiKey}`,
    WEBHOOK_RETRY_MS: '0,50',
    RATE_LIMIT_WAIT_MS: '100',
    UPSTREAM_GIVE_UP_MS: '200',
  };
  const config = readConfig(environment, folder);
  const destination = { write: (line: string) => void logged.push(line) };
  const log = createLog({ level: 'trace', secrets: secretsOf(config), destination });
  api = (await openService({ role: 'all', config, log, resources })).address ?? '';
});
after(() => resources.closeAll(silentLog));

/** Clips, destinations and a receiver; what comes under /bad is refused, and each receiver says no once. */
async function openOutside(clip: Buffer): Promise<string> {
  const refusedOnce = new Set<string>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const url = request.url ?? '';
      if (url.startsWith('/hook')) told.push(body);
      const isRefused = url.startsWith('/bad') || (request.method !== 'GET' && !refusedOnce.has(url));
      refusedOnce.add(url);
      if (!isRefused) return void response.end(request.method === 'GET' ? clip : undefined);
      response.writeHead(url.startsWith('/bad') ? 403 : 503).end('refused');
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  resources.add('outside', () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const headers = { authorization: `Bearer ${planted.apiKey}`, 'content-type': 'application/json' };
const send = (path: string, body: unknown, more: Record<string, string> = {}) =>
  fetch(`${api}${path}`, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
const read = async (path: string): Promise<string> => (await fetch(`${api}${path}`, { headers })).text();

const inject = (name: string, endpoint: string, params: object = {}) =>
  fetch(`${sandbox.url}/admin/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, match: { endpoint }, params }),
  });

function aFile(name: string, destination?: string) {
  const put_url = `${outside}/${destination}?signature=${planted.destination}`;
  const source = { url: `${outside}/${name}?X-Amz-Signature=${planted.source}` };
  return { source, ...(destination === undefined ? {} : { destination: { put_url } }) };
}
const webhook = () => ({ url: `${outside}/hook?key=${planted.hookQuery}`, secret: planted.hook });

/** Every refusal there is room for, each with secrets in it. */
async function provoke(): Promise<void> {
  const faulty = { instructions: [prompt, 7], webhook: { ...webhook(), secret: `${planted.hook}!` }, files: [{ source: aFile('x.exe').source }] };
  const wrong = { authorization: `Bearer ${planted.wrongKey}` };
  const answers = [
    await send('/batches', faulty),
    await send('/batches', { instuctions: [prompt], token: planted.token }),
    await send('/batches', faulty, wrong),
    await send('/webhooks/test', { url: `${outside}/bad?key=${planted.hookQuery}`, secret: planted.hook }),
    await send(`/uploads?name=${planted.source}.exe`, 'x'),
    await fetch(`${api}/batches?token=${planted.token}`, { headers }),
  ];
  for (const answer of answers.slice(0, 4)) told.push(await answer.text());
  const socket = connect(Number(new URL(api).port), '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nAuthorization: Bearer ${planted.apiKey}\r\nbro ken: ${planted.token}\r\n\r\n`);
  for await (const piece of socket) told.push(String(piece));
} // prettier-ignore

async function readEvents(url: string, signal: AbortSignal): Promise<void> {
  const { body } = await fetch(url, { headers, signal });
  for await (const piece of body ?? []) shown.push(Buffer.from(piece as Uint8Array).toString());
}

test('no planted secret comes out anywhere', async () => {
  await provoke();
  await inject('bad-gateway', 'session');
  await inject('connection-reset', 'state');
  await inject('stream-error', 'run_sse', { apply: true });
  await inject('rate-limited', 'render');
  const body = {
    instructions: [`add the title "${prompt}"`],
    webhook: { ...webhook(), events: ['batch.completed', 'file.failed', 'file.completed'] },
    files: [aFile('a.mp4', 'put/a.mp4'), aFile('b.mp4', 'bad/b.mp4'), aFile('bad.mp4')],
  };
  const posted = await send('/batches', body, { 'idempotency-key': planted.idempotency });
  assert.equal(posted.status, 202);
  const { id } = (await posted.json()) as BatchView;
  const events = new AbortController();
  const stream = readEvents(`${api}/batches/${id}/events`, events.signal).catch(() => undefined); // cut by us
  const ended = await until(
    'the batch ends and is told',
    async () => {
      const batch = JSON.parse(await read(`/batches/${id}`)) as BatchView;
      const isTold = told.some((text) => text.includes('"batch.completed"'));
      return isTold && batch.status === 'completed' ? batch : null;
    },
    20_000,
  );
  assert.ok((ended.counts['failed'] ?? 0) >= 1, 'something went wrong, too');
  shown.push(await read(`/batches/${id}/results`), await read(`/webhook-deliveries?batch_id=${id}`));
  told.push(await read('/metrics'));
  events.abort();
  await stream;
  const { ctx, close } = await openTestContext(redis.socketPath, { REDIS_PREFIX: prefix });
  const keys = await ctx.redis.keys('*');
  await close();

  assert.ok(logged.length > 50 && told.length > 5 && keys.length > 20, 'there was something to look through');
  assert.ok(
    shown.some((text) => text.startsWith('id:') || text.includes('event: file')),
    'events were read',
  );
  const places = { log: logged, answer: told, key: keys };
  for (const [name, secret] of Object.entries({ ...planted, prompt })) {
    for (const [place, texts] of Object.entries(places)) {
      assert.deepEqual(
        texts.filter((text) => text.includes(secret)),
        [],
        `${name} in a ${place}`,
      );
    }
    // One's own instructions are part of one's own files.
    if (name === 'prompt') continue;
    assert.deepEqual(
      shown.filter((text) => text.includes(secret)),
      [],
      `${name} in a resource or event`,
    );
  }
});
