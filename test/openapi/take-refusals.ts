/** The refusals of a caller's day, each by a real request; the last ones after the upstream has gone. */
import { keys, requestsAMinute, type Tour } from './open-tour.ts';

export async function takeRefusals(tour: Tour, { id, fileId }: { id: string; fileId: string }): Promise<void> {
  await byShape(tour);
  await byState(tour, { id, fileId });
  await byKey(tour);
  await tour.world.sandbox.close();
  await tour.ask({ operation: 'get /credits', status: 502, also: ['post /batches/{id}/files/{file_id}/messages'] });
  const content = 'get /batches/{id}/files/{file_id}/content';
  await tour.ask({ operation: content, path: { id, file_id: fileId }, status: 502 });
}

const files = [{ source: { url: 'https://media.example/a.mp4' } }];
const instructions = ['trim the first 3 seconds'];

async function byShape({ ask }: Pick<Tour, 'ask'>): Promise<void> {
  const operation = 'post /batches';
  const json = { 'content-type': 'application/json' };
  await ask({ operation, rawBody: '{"files": [', headers: json, status: 400, also: ['post *'] });
  const faulty = {
    instructions: [],
    files: [{ source: { url: 'http://localhost/a.mp4' } }, { source: {}, custom_ids: 'sku-1' }],
  };
  await ask({ operation, rawBody: JSON.stringify(faulty), headers: json, status: 422, also: ['post *'] });
  const once = { ...json, 'idempotency-key': 'spring-2026' };
  const sent = (name: string): string => JSON.stringify({ name, instructions, files, max_credits: 0 });
  await ask({ operation, as: 'too_dear', rawBody: sent('spring'), headers: once, status: 202 });
  await ask({ operation, rawBody: sent('summer'), headers: once, status: 422 });
  await twiceAtOnce({ ask });
  const text = { 'content-type': 'text/plain' };
  await ask({ operation, rawBody: 'a.mp4', headers: text, status: 415, also: ['post *'] });
  await ask({ operation, headers: json, bytes: 70_000_000, status: 413 });
  const uploads = 'post /uploads';
  await ask({ operation: uploads, query: '?name=clip.mp4', bytes: 600_000_000, status: 413 });
  await ask({ operation: uploads, query: '?name=notes.txt', rawBody: 'no video', status: 415 });
  await ask({ operation: uploads, query: '?name=clip.mp4', rawBody: Buffer.alloc(0), status: 422 });
  await ask({ operation: uploads, as: 'unknown_query', query: '?nome=clip.mp4', rawBody: 'x', status: 400 });
  await ask({ operation: 'get /batches', query: '?limit=0', status: 400, also: ['get *'] });
  await ask({ operation: 'get /batches', query: '?cursor=next', status: 400, also: ['get *'] });
}

/** So large that the second comes while the first is taken in. */
async function twiceAtOnce({ ask }: Pick<Tour, 'ask'>): Promise<void> {
  const many = Array.from({ length: 5000 }, () => files).flat();
  const rawBody = JSON.stringify({ instructions, files: many, max_credits: 0 });
  for (let attempt = 0, refused = false; !refused; attempt += 1) {
    const headers = { 'content-type': 'application/json', 'idempotency-key': `at once ${attempt}` };
    const one = () => ask({ operation: 'post /batches', rawBody, headers, status: 409, or: 202 });
    refused = (await Promise.all([one(), one()])).some((answer) => answer !== null);
  }
}

async function byState({ ask }: Tour, { id, fileId }: { id: string; fileId: string }): Promise<void> {
  const none = { id: `bat_${'0'.repeat(32)}` };
  await ask({ operation: 'get /batches/{id}', path: none, status: 404, also: ['*'] });
  for (const action of ['cancel', 'pause', 'resume'])
    await ask({ operation: `post /batches/{id}/${action}`, as: `batch_ended_${action}`, path: { id }, status: 409 });
  const held = (await ask({ operation: 'get /batches', as: 'blocked', query: '?limit=1', status: 200 })).data[0].id;
  const waiting = (await ask({ operation: 'get /batches/{id}/files', as: 'blocked', path: { id: held }, status: 200 }))
    .data[0].id;
  const file = { id: held, file_id: waiting };
  await ask({ operation: 'get /batches/{id}/files/{file_id}/content', path: file, status: 409 });
  const message = { text: 'mute the sound' };
  const say = 'post /batches/{id}/files/{file_id}/messages';
  const json = { 'content-type': 'application/json' };
  await ask({ operation: say, path: file, rawBody: JSON.stringify(message), headers: json, status: 409 });
  await ask({ operation: 'post /batches/{id}/cancel', as: 'blocked', path: { id: held }, body: {}, status: 202 });
  await ask({ operation: 'post /batches/{id}/retry', path: { id: held }, status: 409 });
  const range = { range: 'bytes=99999999-' };
  const content = 'get /batches/{id}/files/{file_id}/content';
  await ask({ operation: content, path: { id, file_id: fileId }, headers: range, status: 416 });
}

async function byKey({ ask, world }: Tour): Promise<void> {
  const operation = 'get /batches';
  await ask({ operation, key: null, status: 401, also: ['*'] });
  await ask({ operation, key: 'of nobody', status: 401, also: ['*'] });
  const json = { 'content-type': 'application/json' };
  const rawBody = JSON.stringify({ instructions, files });
  await ask({ operation: 'post /batches', key: keys.viewer, rawBody, headers: json, status: 403, also: ['post *'] });
  const headers = { authorization: `Bearer ${keys.busy}` };
  const one = async (): Promise<void> => void (await (await fetch(`${world.api}/batches?limit=1`, { headers })).text());
  for (let asked = 0; asked < requestsAMinute; asked += 50) await Promise.all(Array.from({ length: 50 }, one));
  await ask({ operation, key: keys.busy, status: 429, also: ['*'] });
}
