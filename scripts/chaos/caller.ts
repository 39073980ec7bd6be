/** What a caller of the service does here: posts batches, reads them, acts on them. Through the public API alone. */
import type { FileStatus } from '../../src/shared/domain/file-state.ts';
import type { Judged } from './arena.ts';

export const instructions = ['trim the first 3 seconds', 'mute'];

export interface BatchView {
  readonly id: string;
  readonly status: string;
  readonly round: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly credits: { readonly spent: number; readonly spent_is: 'measured' | 'estimated' };
}
export interface FileView {
  readonly id: string;
  readonly index: number;
  readonly status: FileStatus;
  readonly error: { readonly code: string } | null;
  readonly session: { readonly id: string } | null;
  readonly steps: readonly { readonly step: string; readonly session_id?: string; readonly started_at: string }[];
  readonly finished_at: string | null;
}

type Place = Pick<Judged, 'clipUrl' | 'receiverUrl'>;

/** The first file has an asset and a destination: all steps, and an upload of two items. */
export const batchBody = (place: Place, count: number, name: string, extra: object = {}): object => ({
  name,
  instructions,
  webhook: { url: `${place.receiverUrl}/hook`, secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` },
  files: Array.from({ length: count }, (_, index) => ({
    source: { url: place.clipUrl(`${index}.mp4`) },
    assets: index === 0 ? [{ url: place.clipUrl('logo.png') }] : [],
    destination: index === 0 ? { put_url: `${place.receiverUrl}/put` } : null,
  })),
  ...extra,
});

export function send(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** Null: the connection broke, as it does when the one asked dies. */
export const trySend = (...args: Parameters<typeof send>): Promise<Response | null> => send(...args).catch(() => null);

export async function post(place: Judged, count: number, name: string, extra: object = {}): Promise<string> {
  const response = await send(`${place.api}/batches`, batchBody(place, count, name, extra));
  if (response.status !== 202) throw new Error(await response.text());
  return ((await response.json()) as BatchView).id;
}

export const readBatch = async (place: Pick<Judged, 'api'>, id: string): Promise<BatchView> =>
  (await (await fetch(`${place.api}/batches/${id}`)).json()) as BatchView;

export const hasEnded = ({ status }: Pick<BatchView, 'status'>): boolean =>
  ['completed', 'failed', 'canceled'].includes(status);

export async function readFiles(place: Pick<Judged, 'api'>, id: string): Promise<FileView[]> {
  const text = await (await fetch(`${place.api}/batches/${id}/results`)).text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FileView);
}
