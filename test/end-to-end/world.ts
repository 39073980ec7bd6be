/** A world for end-to-end tests: a sandbox process, a source of clips over HTTP, and what to ask of the service. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface ClipServer {
  readonly url: (name: string) => string;
  readonly close: () => void;
}

/** Serves the same bytes under every name. */
export async function serveClips(bytes: Buffer): Promise<ClipServer> {
  const server = createServer((request, response) => {
    response.setHeader('content-length', bytes.length);
    response.setHeader('content-type', request.url?.endsWith('.png') === true ? 'image/png' : 'video/mp4');
    response.end(request.method === 'HEAD' ? undefined : bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface BatchView {
  readonly id: string;
  readonly status: string;
  readonly counts: Record<string, number>;
}
export interface FileView {
  readonly id: string;
  readonly index: number;
  readonly status: string;
  readonly error: { code: string } | null;
  readonly output: { url: string; duration_ms: number | null } | null;
  readonly session: { id: string } | null;
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  assert.equal(response.status, 200, `GET ${url}: ${response.status}`);
  return (await response.json()) as T;
}

export async function postBatch(address: string, body: object): Promise<BatchView> {
  const response = await fetch(`${address}/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  return JSON.parse(text) as BatchView;
}

/** Asks again until it holds or the deadline has passed. A refused connection is an answer that does not hold yet. */
export async function until<T>(what: string, ask: () => Promise<T | null>, deadlineMs = 30_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  let last: unknown = null;
  while (performance.now() < end) {
    try {
      const found = await ask();
      if (found !== null) return found;
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: last });
}

const ended = ['completed', 'failed', 'canceled'];

export function untilEnded(address: string, batchId: string, deadlineMs?: number): Promise<BatchView> {
  return until(
    `${batchId} ends`,
    async () => {
      const batch = await getJson<BatchView>(`${address}/batches/${batchId}`);
      return ended.includes(batch.status) ? batch : null;
    },
    deadlineMs,
  );
}

export async function readResults(address: string, batchId: string): Promise<FileView[]> {
  const response = await fetch(`${address}/batches/${batchId}/results`);
  return (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FileView);
}

export interface Ledger {
  readonly sessions: readonly {
    readonly id: string;
    readonly charged: number;
    readonly turns: readonly { readonly text: string; readonly appliedAt: number | null; readonly charged: number }[];
  }[];
  readonly renders: readonly { readonly id: string; readonly sessionId: string }[];
  readonly tokens: readonly unknown[];
}

export const readLedger = (sandbox: string): Promise<Ledger> => getJson<Ledger>(`${sandbox}/admin/ledger`);

/** The two promises, read off the upstream's own books: nothing sent twice, each completed file edited in order, once. */
export function assertPaidOnce(ledger: Ledger, files: readonly FileView[], instructions: readonly string[]): void {
  for (const session of ledger.sessions) {
    const texts = session.turns.map(({ text }) => text);
    assert.equal(new Set(texts).size, texts.length, `session ${session.id} got a turn twice: ${texts.join(' | ')}`);
    assert.ok(session.charged <= 50, `session ${session.id} was charged ${session.charged}`);
  }
  const renders = ledger.renders.map(({ id }) => id);
  assert.equal(new Set(renders).size, renders.length, 'render ids are unique');
  for (const file of files) {
    if (file.status !== 'completed') continue;
    const session = ledger.sessions.find(({ id }) => id === file.session?.id);
    assert.deepEqual(
      session?.turns.filter(({ appliedAt }) => appliedAt !== null).map(({ text }) => text),
      instructions,
      `file ${file.id}`,
    );
  }
}
