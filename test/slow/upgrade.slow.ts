/**
 * What a release left in Redis, killed in the middle of everything, is brought to its end by this one: nothing is lost,
 * and no turn that the upstream has taken is sent again. `scripts/snapshot/main.ts` makes the data.
 */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openSandbox } from '../../src/sandbox/sandbox.ts';
import { rootPath } from '../docs/document.ts';
import {
  assertPaidOnce,
  getJson,
  readLedger,
  readResults,
  until,
  untilEnded,
  type BatchView,
} from '../end-to-end/world.ts';
import { startService } from '../processes.ts';
import { cutDraft } from '../sandbox/sandbox-client.ts';

interface Upstream {
  readonly token: string;
  readonly receiver: string;
  readonly sandbox: string;
  readonly batches: Readonly<Record<string, string>>;
  readonly sessions: readonly { id: string; uploads: readonly string[]; turns: readonly string[] }[];
  readonly renders: readonly { id: string; sessionId: string }[];
}
const states = ['completed', 'failed', 'canceled', 'delivering', 'rendering', 'paused', 'running', 'parked'];
const instructions = ['trim the first 1 seconds', 'mute'];

async function openReceiver(t: TestContext) {
  const hooks: { id: string; batch: string; type: string }[] = [];
  const puts: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (request.method === 'PUT') puts.push(body.length);
      else {
        const { type, data } = JSON.parse(body.toString()) as { type: string; data: { batch_id: string } };
        hooks.push({ id: String(request.headers['webhook-id']), batch: data.batch_id, type });
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hooks, puts };
}

/** A sandbox that knows what the upstream of the snapshot knew: sessions, media, turns, renders. */
async function openUpstream(t: TestContext, { token, sessions, renders }: Upstream, clip: Buffer) {
  const sandbox = await openSandbox({ timeScale: 0, copy: true, logLevel: 'silent', seed: 2, tokens: [{ token, credits: 100_000 }] }); // prettier-ignore
  t.after(() => sandbox.close());
  const headers = { authorization: `Bearer ${token}`, 'x-skill-source': 'batch-video', 'x-skill-version': '0.1.0', 'x-skill-platform': 'unknown' }; // prettier-ignore
  const send = async (path: string, body: object | string): Promise<string> => {
    const isForm = body instanceof FormData;
    const response = await fetch(`${sandbox.url}${path}`, {
      method: 'POST',
      headers: { ...headers, ...(isForm ? {} : { 'content-type': 'application/json' }) },
      body: isForm || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${path}: ${text}`);
    return text;
  };
  for (const { id, uploads, turns } of sessions) {
    await send('/admin/sessions', { id, token });
    for (const name of uploads) {
      const form = new FormData();
      form.append('files', new Blob([new Uint8Array(clip)], { type: 'video/mp4' }), name);
      await send(`/api/upload-video/nemo_agent/me/${id}`, form);
    }
    for (const text of turns) {
      await send('/run_sse', { app_name: 'nemo_agent', user_id: 'me', session_id: id, new_message: { parts: [{ text }] } }); // prettier-ignore
    }
  }
  for (const { id, sessionId } of renders) {
    const state = await fetch(`${sandbox.url}/api/state/nemo_agent/me/${sessionId}/latest`, { headers });
    await send('/api/render/proxy/lambda', `{"id":"${id}","sessionId":"${sessionId}","draft":${cutDraft(await state.text())}}`); // prettier-ignore
  }
  return sandbox;
}

/** Lengths stand before each text, so that another port must have as many digits. */
function readdress(data: Buffer, places: Readonly<Record<string, string>>): Buffer {
  let text = data.toString('latin1');
  for (const [from, to] of Object.entries(places)) {
    assert.equal(from.length, to.length, `${to} is as long as ${from}`);
    assert.ok(text.includes(from), `the snapshot names ${from}`);
    text = text.replaceAll(from, to);
  }
  return Buffer.from(text, 'latin1');
}

const releases = await readdir(rootPath('test/data'));
assert.ok(releases.length > 0);

for (const release of releases) {
  test(`brings what ${release} left to its end, and sends no turn twice`, async (t) => {
    const saved = rootPath(`test/data/${release}`);
    const upstream = JSON.parse(await readFile(join(saved, 'upstream.json'), 'utf8')) as Upstream;
    assert.deepEqual(Object.keys(upstream.batches), states);
    const [upload = ''] = (await readdir(join(saved, 'uploads'))).filter((name) => name.startsWith('upl_'));
    const sandbox = await openUpstream(t, upstream, await readFile(join(saved, 'uploads', upload)));
    const receiver = await openReceiver(t);
    const folder = await mkdtemp(join(tmpdir(), 'bv-upgrade-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'redis'));
    await cp(join(saved, 'uploads'), join(folder, 'uploads'), { recursive: true });
    const places = { [upstream.receiver]: receiver.url, [upstream.sandbox]: sandbox.url };
    const data = await readFile(join(saved, 'appendonly.aof'));
    await writeFile(join(folder, 'redis', 'appendonly.aof'), readdress(data, places));
    const turnsBefore = (await readLedger(sandbox.url)).sessions.flatMap(({ turns }) => turns).length;

    const service = await startService('all', { DATA_DIR: folder, NEMO_API_URL: sandbox.url, NEMO_TOKEN: upstream.token, RETENTION_DAYS: '36500' }); // prettier-ignore
    t.after(() => service.kill());
    const { address } = service;
    const idOf = (state: string): string => upstream.batches[state] ?? '';
    const { data: listed } = await getJson<{ data: BatchView[] }>(`${address}/batches`);
    assert.deepEqual(listed.map(({ id }) => id).toSorted(), Object.values(upstream.batches).toSorted());

    assert.equal((await getJson<BatchView>(`${address}/batches/${idOf('paused')}`)).status, 'paused');
    const resumed = await fetch(`${address}/batches/${idOf('paused')}/resume`, { method: 'POST' });
    assert.equal(resumed.status, 202);
    const ends = Object.fromEntries(
      await Promise.all(states.map(async (state) => [state, (await untilEnded(address, idOf(state))).status] as const)),
    );
    const expected = Object.fromEntries(states.map((state) => [state, 'completed']));
    assert.deepEqual(ends, { ...expected, failed: 'failed', canceled: 'canceled' });
    const retried = await fetch(`${address}/batches/${idOf('failed')}/retry`, { method: 'POST' });
    assert.equal(retried.status, 202);
    assert.equal((await untilEnded(address, idOf('failed'))).status, 'completed');

    const files = (await Promise.all(states.map((state) => readResults(address, idOf(state))))).flat();
    const ledger = await readLedger(sandbox.url);
    assert.ok(ledger.sessions.flatMap(({ turns }) => turns).length > turnsBefore, 'there was work left');
    assertPaidOnce(ledger, files, instructions);
    for (const { status, error } of files) assert.ok(status === 'completed' || status === 'canceled', error?.code);

    const due = [...states, 'failed'].length;
    await until('every webhook has come', async () => {
      const ids = new Set(receiver.hooks.map(({ id }) => id));
      return ids.size === due ? true : null;
    });
    assert.deepEqual(receiver.hooks.filter(({ batch }) => batch === idOf('failed')).map(({ type }) => type).toSorted(), ['batch.completed', 'batch.failed']); // prettier-ignore
    assert.equal(receiver.puts.length, 1, 'the delivery that had no answer was made again');
  });
}
