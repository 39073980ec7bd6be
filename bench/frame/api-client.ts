/** What the benchmarks ask of the service's API. */
import { setTimeout as delay } from 'node:timers/promises';

export interface BatchView {
  readonly id: string;
  readonly status: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface BatchRequest {
  readonly files: number;
  readonly instructions?: number;
  /** Where the sources are said to lie: each file's URL begins with it. */
  readonly source?: string;
  readonly key?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

const headersOf = (key: string | undefined): Record<string, string> => ({
  'content-type': 'application/json',
  ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
});

export function batchBody(request: BatchRequest): string {
  const { files, instructions = 1, source = 'http://127.0.0.1:9/clips', more = {} } = request;
  return JSON.stringify({
    name: 'bench',
    instructions: Array.from({ length: instructions }, (_, at) => `trim the first ${at + 1} seconds`),
    files: Array.from({ length: files }, (_, at) => ({
      source: { url: `${source}/${at}.mp4` },
      name: `clip-${at}.mp4`,
    })),
    ...more,
  });
}

export async function sendBatch(api: string, body: string, key?: string): Promise<BatchView> {
  const response = await fetch(`${api}/batches`, { method: 'POST', headers: headersOf(key), body });
  const text = await response.text();
  if (response.status !== 202) throw new Error(`POST /batches: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text) as BatchView;
}

export const postBatch = (api: string, request: BatchRequest): Promise<BatchView> =>
  sendBatch(api, batchBody(request), request.key);

export async function getBatch(api: string, id: string, key?: string): Promise<BatchView> {
  const response = await fetch(`${api}/batches/${id}`, { headers: headersOf(key) });
  if (response.status !== 200) throw new Error(`GET batch: ${response.status} ${await response.text()}`);
  return (await response.json()) as BatchView;
}

const ended = ['completed', 'failed', 'canceled'];

/** Asks ten times a second, which is the error of what is timed by it. Throws where a file did not complete. */
export async function untilEnded(api: string, id: string, key?: string): Promise<BatchView> {
  for (;;) {
    const batch = await getBatch(api, id, key);
    if (ended.includes(batch.status)) {
      if (batch.counts['completed'] === batch.counts['total']) return batch;
      throw new Error(`not all files completed: ${JSON.stringify(batch.counts)}`);
    }
    await delay(100);
  }
}
