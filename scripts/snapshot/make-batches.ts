/** One batch a state, one after the other, each brought there and left. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Places {
  readonly api: string;
  readonly sandbox: string;
  readonly receiver: string;
  readonly clip: Buffer;
}

interface Batch {
  readonly id: string;
  readonly status: string;
  readonly counts: Readonly<Record<string, number>>;
}

const deadlineMs = 60_000;
const instructions = ['trim the first 1 seconds', 'mute'];

/** Ids by the state that the batch is left in. */
export async function makeBatches(places: Places): Promise<Record<string, string>> {
  const { api, sandbox, receiver, clip } = places;
  const upload = await send<{ id: string }>(`${api}/uploads?name=clip.mp4`, clip);
  const post = (files: number, more: object = {}, file: object = {}): Promise<Batch> =>
    send<Batch>(`${api}/batches`, {
      instructions,
      webhook: { url: `${receiver}/hook`, secret: null, events: ['batch.completed', 'batch.failed', 'batch.canceled'] },
      files: Array.from({ length: files }, () => ({ source: { upload_id: upload.id }, ...file })),
      ...more,
    });
  const fault = (name: string, more: object = {}): Promise<unknown> =>
    send(`${sandbox}/admin/faults`, { name, ...more });
  const reached = async ({ id }: Batch, what: string, isThere: (batch: Batch) => boolean): Promise<string> => {
    for (const end = performance.now() + deadlineMs; performance.now() < end; await delay(50)) {
      if (isThere(await read<Batch>(`${api}/batches/${id}`))) return id;
    }
    throw new Error(`no batch is ${what}`);
  };
  const counted = (status: string, count: number) => (batch: Batch) => batch.counts[status] === count;
  const ended = (status: string) => (batch: Batch) => batch.status === status;

  const completed = await reached(await post(2), 'completed', ended('completed'));
  await fault('unsupported-file-type');
  const failed = await reached(await post(1), 'failed', ended('failed'));
  const leaving = await post(2);
  await send(`${api}/batches/${leaving.id}/cancel`, {});
  const canceled = await reached(leaving, 'canceled', ended('canceled'));
  const handing = await post(1, {}, { destination: { put_url: `${receiver}/put` } });
  const delivering = await reached(handing, 'delivering', counted('delivering', 1));
  await fault('render-stuck');
  const rendering = await reached(await post(1), 'rendering', counted('rendering', 1));
  const resting = await post(2);
  await send(`${api}/batches/${resting.id}/pause`, {});
  const paused = await reached(resting, 'paused', ended('paused'));
  await fault('stream-stall', { params: { apply: true } });
  const running = await reached(await post(1), 'editing', counted('editing', 1));
  await untilTaken(places, running);
  await send(`${sandbox}/admin/credits`, { all: true, available: 0 });
  const parked = await reached(await post(2), 'parked', counted('parked', 2));
  return { completed, failed, canceled, delivering, rendering, paused, running, parked };
}

interface Files {
  readonly data: readonly { readonly session: { readonly id: string } | null }[];
}
interface Taken {
  readonly sessions: readonly { readonly id: string; readonly turns: readonly unknown[] }[];
}

/** The turn that the batch's one file has sent was taken upstream, and its stream says nothing from then on. */
async function untilTaken({ api, sandbox }: Places, batchId: string): Promise<void> {
  for (const end = performance.now() + deadlineMs; performance.now() < end; await delay(50)) {
    const { data } = await read<Files>(`${api}/batches/${batchId}/files`);
    const { sessions } = await read<Taken>(`${sandbox}/admin/ledger`);
    const session = sessions.find(({ id }) => id === data[0]?.session?.id);
    if (session?.turns.length === 1) return;
  }
  throw new Error('the turn was not taken');
}

async function send<T>(url: string, body: object): Promise<T> {
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': isBytes ? 'video/mp4' : 'application/json' },
    body: isBytes ? new Uint8Array(body) : JSON.stringify(body),
  });
  return toBody<T>(response);
}

const read = async <T>(url: string): Promise<T> => toBody<T>(await fetch(url));

async function toBody<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${text}`);
  return JSON.parse(text) as T;
}
