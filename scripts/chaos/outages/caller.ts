/** What a caller does in the middle of an outage: posts one more batch, and asks how the service is. */
import type { Place } from './place.ts';

export interface Posted {
  readonly status: number;
  readonly code: string | null;
  readonly retryAfter: string | null;
  readonly id: string | null;
}

/** One small batch; the same key each time makes it the same batch. */
export async function postOne(place: Place, key: string): Promise<Posted> {
  const response = await fetch(`${place.api}/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({
      name: key,
      instructions: ['mute'],
      files: [{ source: { url: place.clipUrl(`${key}.mp4`) } }],
    }),
    signal: AbortSignal.timeout(20_000),
  });
  const body = (await response.json()) as { id?: string; code?: string };
  const retryAfter = response.headers.get('retry-after');
  return { status: response.status, code: body.code ?? null, retryAfter, id: body.id ?? null };
}

export const statusOf = async (place: Place, path: string): Promise<number> =>
  (await fetch(`${place.api}${path}`, { signal: AbortSignal.timeout(20_000) })).status;

/** What files say that they wait for, each reason once. */
export async function reasonsOf(place: Place, batchId: string): Promise<string[]> {
  const response = await fetch(`${place.api}/batches/${batchId}/files?limit=1000`);
  const { data } = (await response.json()) as { data: { waiting_for: { reason: string } | null }[] };
  return [...new Set(data.flatMap(({ waiting_for: wait }) => wait?.reason ?? []))];
}
