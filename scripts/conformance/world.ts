/** What a row sees of its place: its own files, batches, sessions, calls and webhooks, and the sandbox's admin. */
import type { Place } from './place.ts';
import { ask, send, until } from './call.ts';
import { clipBytes } from './servers.ts';
import type { BatchView, CallEntry, FileView, Ledger, Received, Reply, SessionEntry } from './types.ts';

export interface FaultOptions {
  readonly endpoint?: string;
  readonly times?: number | null;
  readonly skip?: number;
  readonly forMs?: number;
  readonly text?: string;
  /** Number of the file that it is aimed at; null: whoever calls (in a place of its own). All of the row's by default. */
  readonly file?: number | null;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly place: Place;
  /** A file name of this row alone. */
  readonly name: (index?: number, extension?: string) => string;
  readonly clip: (index?: number, extension?: string) => string;
  readonly fault: (name: string, options?: FaultOptions) => Promise<number>;
  readonly endFault: (id: number) => Promise<unknown>;
  readonly admin: (path: string, body: unknown) => Promise<unknown>;
  /** Posts a batch of `count` files by URL; `extra` goes over the request. */
  readonly post: (instructions: readonly string[], extra?: Readonly<Record<string, unknown>>) => Promise<BatchView>;
  readonly api: (method: string, path: string, body?: unknown, headers?: object) => Promise<Reply>;
  readonly act: (batchId: string, action: string, body?: unknown) => Promise<BatchView>;
  readonly batch: (id: string) => Promise<BatchView>;
  readonly file: (batchId: string, index?: number) => Promise<FileView>;
  readonly ended: (batchId: string, deadlineMs?: number) => Promise<BatchView>;
  readonly upload: (name: string) => Promise<string>;
  readonly ledger: () => Ledger;
  readonly sessions: () => readonly SessionEntry[];
  readonly calls: (endpoint?: string) => readonly CallEntry[];
  readonly hooks: (type?: string) => readonly Received[];
  readonly posted: () => readonly string[];
  readonly use: (place: Place) => void;
}

const endStatuses: readonly string[] = ['completed', 'failed', 'canceled'];

export function createWorld(
  first: Place,
  around: { readonly key: string; readonly clips: string; readonly hooksUrl: string; readonly received: Received[] },
): World {
  let place = first;
  const batches: string[] = [];
  const name = (index = 0, extension = 'mp4'): string => `${around.key}-${index}.${extension}`;
  const clip = (index = 0, extension = 'mp4'): string => `${around.clips}/${name(index, extension)}`;
  const admin = (path: string, body: unknown): Promise<unknown> =>
    send('POST', `${place.sandbox.url}/admin/${path}`, body);
  const sessions = (): readonly SessionEntry[] => place.sandbox.ledger().sessions.filter(isOurs);
  const isOurs = ({ uploads }: SessionEntry): boolean =>
    uploads.some((upload) => upload.name.startsWith(`${around.key}-`));
  const batch = (id: string): Promise<BatchView> => ask(200, 'GET', `${place.service}/batches/${id}`);
  return {
    get place() {
      return place;
    },
    name,
    clip,
    admin,
    sessions,
    batch,
    fault: (fault, options = {}) => addFault(place, around.key, fault, options),
    endFault: (id) => send('DELETE', `${place.sandbox.url}/admin/faults/${id}`),
    post: async (instructions, extra = {}) => {
      const files = [{ source: { url: clip() } }];
      const webhook = { url: around.hooksUrl };
      const body = { instructions, files, webhook, ...extra };
      const posted = await ask<BatchView>(202, 'POST', `${place.service}/batches`, body);
      batches.push(posted.id);
      return posted;
    },
    api: (method, path, body, headers) => send(method, `${place.service}${path}`, body, headers),
    act: (id, action, body = {}) => ask(202, 'POST', `${place.service}/batches/${id}/${action}`, body),
    file: (batchId, index = 0) => readFile(place, batchId, index),
    ended: (id, deadlineMs = 60_000) => {
      let last = '';
      return until(
        () => `the batch ends; last seen ${last}`,
        async () => {
          const found = await batch(id);
          if (endStatuses.includes(found.status)) return found;
          const file = await readFile(place, id, 0);
          last = JSON.stringify([found.status, found.counts, file.status, file.waiting_for, file.steps.at(-1)]);
          return null;
        },
        deadlineMs,
      );
    },
    upload: async (uploadName) => {
      const url = `${place.service}/uploads?name=${encodeURIComponent(uploadName)}`;
      const reply = await send('POST', url, clipBytes, { 'content-type': 'application/octet-stream' });
      return (reply.body as { readonly id: string }).id;
    },
    ledger: () => place.sandbox.ledger(),
    calls: (endpoint) => {
      const ids = new Set(sessions().map(({ id }) => id));
      const { calls } = place.sandbox.ledger();
      return calls.filter(({ endpoint: at, session }) => ids.has(session ?? '') && (endpoint ?? at) === at);
    },
    hooks: (type) =>
      around.received.filter(({ data, type: seen }) => batches.includes(data.batch_id) && (type ?? seen) === seen),
    posted: () => batches,
    use: (next) => (place = next),
  };
}

async function addFault(place: Place, key: string, name: string, options: FaultOptions): Promise<number> {
  const { endpoint, text, file, params = {}, ...rest } = options;
  const holds = file === null ? undefined : file === undefined ? `${key}-` : `${key}-${file}.`;
  const match = { endpoint, text, holds };
  const url = `${place.sandbox.url}/admin/faults`;
  const { fault } = await ask<{ fault: { id: number } }>(201, 'POST', url, { name, params, match, ...rest });
  return fault.id;
}

async function readFile(place: Place, batchId: string, index: number): Promise<FileView> {
  const { body } = await send('GET', `${place.service}/batches/${batchId}/results`);
  // One line a file; a single one has been parsed already.
  const lines = typeof body === 'string' ? body.trimEnd().split('\n') : [JSON.stringify(body)];
  return JSON.parse(lines[index] ?? 'null') as FileView;
}
