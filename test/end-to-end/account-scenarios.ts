/** What may happen to an account while a batch runs, with as many files and processes as the suite has time for. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext as T } from 'node:test';
import { openService } from '../../src/open-service.ts';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/settings.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { createResources, type Resources } from '../../src/shared/resources.ts';
import { startService } from '../processes.ts';
import { quick } from '../quick-settings.ts';
import { newPrefix, openTestRedis, silentLog } from '../redis-server.ts';
import {
  getJson,
  postBatch,
  readResults,
  serveClips,
  until,
  untilEnded,
  type BatchView,
  type ClipServer,
} from './world.ts';

export interface Call {
  readonly at: number;
  readonly endpoint: string;
  readonly session: string | null;
  readonly status: number;
}

export interface Books {
  readonly calls: readonly Call[];
  readonly tokens: readonly { readonly clientId: string | null }[];
  readonly sessions: readonly {
    readonly id: string;
    readonly charged: number;
    readonly turns: readonly { readonly text: string }[];
  }[];
  readonly repeated_turns: readonly unknown[];
}

export interface Place {
  readonly api: string;
  /** Base address of the sandbox. */
  readonly sandbox: string;
  readonly clips: ClipServer;
  readonly hooks: { readonly url: string; readonly events: readonly { readonly type: string }[] };
  readonly ledger: () => Promise<Books>;
  /** Stops the sandbox and starts an empty one on the same port. */
  readonly stopSandbox: () => Promise<void>;
  readonly startSandbox: () => Promise<void>;
}

export interface PlaceOptions {
  /** 0: one process for all, this one; else so many worker processes and an API. */
  readonly workers: number;
  readonly sandbox?: SandboxOptions;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function openPlace(t: T, options: PlaceOptions): Promise<Place> {
  const resources = createResources();
  t.after(() => resources.closeAll(silentLog));
  const folder = await mkdtemp(join(tmpdir(), 'bv-account-'));
  resources.add('folder', () => rm(folder, { recursive: true, force: true }));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 160, height: 90, label: 'account' });
  const clips = await serveClips(await readFile(clip));
  resources.add('clips', clips.close);
  const redis = await openTestRedis();
  resources.add('redis', redis.close);
  const hooks = await openReceiver(resources);
  const settings: SandboxOptions = {
    timeScale: 0,
    copy: true,
    credits: 1_000_000,
    logLevel: 'silent',
    ...options.sandbox,
  };
  let sandbox: OpenSandbox | null = await openSandbox(settings);
  const { url, port } = sandbox;
  const stopSandbox = async (): Promise<void> => {
    await sandbox?.close();
    sandbox = null;
  };
  const startSandbox = async (): Promise<void> => {
    sandbox = await openSandbox({ ...settings, port });
  };
  resources.add('sandbox', stopSandbox);
  const environment = {
    ...quick,
    REDIS_URL: redis.url,
    REDIS_PREFIX: newPrefix(),
    DATA_DIR: folder,
    NEMO_API_URL: url,
    ...options.environment,
  };
  const api = await start(resources, options.workers, environment, folder);
  return {
    api,
    sandbox: url,
    clips,
    hooks,
    ledger: () => getJson<Books>(`${url}/admin/ledger`),
    stopSandbox,
    startSandbox,
  };
}

async function start(
  resources: Resources,
  workers: number,
  environment: Record<string, string>,
  folder: string,
): Promise<string> {
  if (workers === 0) {
    const config = readConfig(environment, folder);
    return (await openService({ role: 'all', config, log: silentLog, resources })).address ?? '';
  }
  const api = await startService('api', environment);
  resources.add('api', () => api.kill());
  for (let at = 0; at < workers; at += 1) {
    const worker = await startService('worker', environment);
    resources.add('worker', () => worker.kill());
  }
  return api.address;
}

async function openReceiver(resources: Resources): Promise<Place['hooks']> {
  const events: { type: string }[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      events.push(JSON.parse(Buffer.concat(chunks).toString()) as { type: string });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  resources.add('receiver', () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, events };
}

export const filesOf = ({ clips }: Pick<Place, 'clips'>, count: number) =>
  Array.from({ length: count }, (_, index) => ({ source: { url: clips.url(`clip-${index}.mp4`) } }));

export async function admin(sandbox: string, path: string, body: object): Promise<void> {
  const response = await fetch(`${sandbox}/admin/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.text()}`);
}

export const inject = (sandbox: string, fault: object): Promise<void> => admin(sandbox, 'faults', fault);

interface Blockable extends BatchView {
  readonly blocked: { readonly reason: string; readonly help_url: string | null } | null;
}

export async function blockedOf({ api }: Place, id: string) {
  const { blocked, counts } = await getJson<Blockable>(`${api}/batches/${id}`);
  return { reason: blocked?.reason ?? null, helpUrl: blocked?.help_url ?? null, parked: counts['parked'] ?? 0, counts };
}

const waitsOf = async ({ api }: Place, id: string) => {
  const { data } = await getJson<{
    data: { status: string; waiting_for: { reason: string; detail: string | null } | null }[];
  }>(`${api}/batches/${id}/files?limit=1000`);
  return data;
};

export async function assertAllRight(place: Place, id: string, count: number): Promise<Books> {
  const batch = await untilEnded(place.api, id, 120_000);
  const files = await readResults(place.api, id);
  assert.deepEqual(
    files
      .filter(({ status }) => status !== 'completed')
      .map(({ index, error, status }) => [index, status, error?.code]),
    [],
  );
  assert.equal(batch.counts['completed'], count);
  const books = await place.ledger();
  assert.deepEqual(books.repeated_turns, []);
  return books;
}

/** Credits for `paid` of `count` files, then a top-up in two parts. */
export async function creditsRunOut(t: T, paid: number, count: number, workers = 0): Promise<void> {
  const recheckMs = 500;
  const place = await openPlace(t, { workers, sandbox: { credits: paid * 50 } });
  const { id } = await postBatch(place.api, {
    instructions: ['mute'],
    files: filesOf(place, count),
    webhook: { url: place.hooks.url, events: ['batch.blocked'] },
  });
  const blocked = await until('all that is not paid is parked or waits, all that is has ended', async () => {
    const seen = await blockedOf(place, id);
    const { completed = 0, queued = 0 } = seen.counts;
    return completed === paid && seen.parked + queued === count - paid ? seen : null;
  });
  assert.equal(blocked.reason, 'out_of_credits');
  assert.match(blocked.helpUrl ?? '', /\/register\?bind=anon_/);
  const reasons = new Set((await waitsOf(place, id)).flatMap(({ waiting_for: wait }) => wait?.reason ?? []));
  assert.deepEqual([...reasons], ['credits']);
  await until('it is told', async () => (place.hooks.events.length > 0 ? true : null));
  const sessions = new Set((await place.ledger()).sessions.map(({ id: session }) => session));
  // Enough for two: no more than two are let go in one look.
  await admin(place.sandbox, 'credits', { all: true, available: 100 });
  await until('two more have ended', async () =>
    (await blockedOf(place, id)).counts['completed'] === paid + 2 ? true : null,
  );
  await admin(place.sandbox, 'credits', { all: true, available: 1_000_000 });
  const from = performance.now();
  await until('something goes on', async () => {
    const { counts } = await blockedOf(place, id);
    return (counts['completed'] ?? 0) > paid + 2 || (counts['editing'] ?? 0) + (counts['rendering'] ?? 0) > 0
      ? true
      : null;
  });
  assert.ok(performance.now() - from < recheckMs + 5000);
  const books = await assertAllRight(place, id, count);
  assert.deepEqual(
    books.sessions.map(({ charged }) => charged),
    Array.from({ length: count }, () => 50),
  );
  for (const session of sessions) assert.ok(books.sessions.some((one) => one.id === session && one.turns.length === 1));
  assert.equal(place.hooks.events.length, 1, 'one episode');
  assert.equal((await blockedOf(place, id)).reason, null);
}

/** The upstream answers 502 to everything for a while. */
export async function upstreamGoesAway(t: T, count: number, workers = 0): Promise<void> {
  const place = await openPlace(t, {
    workers,
    environment: { UPSTREAM_GIVE_UP_MS: '60000', RATE_LIMIT_WAIT_MS: '300', MAX_IN_FLIGHT: '4' },
  });
  const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, count) });
  await until('a turn was taken', async () =>
    (await place.ledger()).calls.some(({ endpoint }) => endpoint === 'run_sse') ? true : null,
  );
  const downAt = Date.now();
  await inject(place.sandbox, { name: 'bad-gateway', times: null });
  const waiting = await until('everybody waits for the upstream', async () => {
    const seen = (await waitsOf(place, id)).filter(({ status }) => status !== 'completed');
    // A checked turn says that it is checked.
    return seen.every(({ waiting_for: wait }) => wait?.reason === 'upstream' || wait?.reason === 'recheck')
      ? seen
      : null;
  });
  assert.ok(waiting.length > 0);
  const admitted = (await blockedOf(place, id)).counts['queued'];
  await until('three probes have gone out', async () => {
    const probes = (await place.ledger()).calls.filter(({ endpoint, at }) => endpoint === 'credits' && at > downAt);
    return probes.length >= 3 ? true : null;
  });
  const probes = (await place.ledger()).calls.filter(({ endpoint, at }) => endpoint === 'credits' && at > downAt);
  const gaps = probes.slice(1).map(({ at }, index) => at - (probes[index]?.at ?? 0));
  assert.ok(Math.min(...gaps) >= 430, `probes ${gaps.join(', ')} ms apart`);
  assert.equal((await blockedOf(place, id)).counts['queued'], admitted, 'nothing is admitted');
  assert.equal((await blockedOf(place, id)).counts['failed'], 0);
  await fetch(`${place.sandbox}/admin/faults`, { method: 'DELETE' });
  await assertAllRight(place, id, count);
}

/** A NEMO_TOKEN that may not be left dies and comes back. */
export async function tokenDiesForGood(t: T, count: number, workers = 0): Promise<void> {
  const place = await openPlace(t, {
    workers,
    sandbox: { tokens: [{ token: 'registered-token', credits: 10_000 }] },
    environment: { NEMO_TOKEN: 'registered-token', NEMO_TOKEN_FALLBACK: 'fail' },
  });
  await admin(place.sandbox, 'tokens/expire', {});
  const { id } = await postBatch(place.api, { instructions: ['mute'], files: filesOf(place, count) });
  await until('it is blocked', async () => ((await blockedOf(place, id)).reason === 'token_invalid' ? true : null));
  const waits = await waitsOf(place, id);
  assert.ok(waits.every(({ waiting_for: wait }) => wait?.reason === 'token' && /NEMO_TOKEN/.test(wait.detail ?? '')));
  await admin(place.sandbox, 'tokens', { token: 'registered-token', credits: 10_000 });
  const books = await assertAllRight(place, id, count);
  assert.equal(books.calls.filter(({ endpoint }) => endpoint === 'anonymous-token').length, 0);
}
