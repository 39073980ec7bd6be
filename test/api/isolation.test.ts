/**
 * What a tenant gets of another one's, on every route there is. A new route fails this test until it has its row, and
 * with it an answer to the question whose data it shows.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileId } from '../../src/shared/ids.ts';
import { readBatch } from '../../src/shared/read-batch.ts';
import { saveUpload } from '../../src/shared/upload-record.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, tell } from '../shared/webhook/open-webhook-context.ts';
import { aBatch, openTestApi, type TestApi } from './open-test-api.ts';
import { routesOf } from './routes-of.ts';

/**
 * `public`: the same for everybody, without a key. `shared`: needs a key, and shows nothing of any tenant. `theirs`:
 * another tenant's is not there. `list`: shows one's own alone. `new`: makes something of one's own. `stream`: does not
 * end; events.test.ts and dashboard-live.test.ts look at what it tells.
 */
type Kind = 'public' | 'shared' | 'theirs' | 'list' | 'new' | 'stream';
const table: Readonly<Record<string, Kind>> = {
  'POST /batches': 'new',
  'GET /batches': 'list',
  'GET /batches/:id': 'theirs',
  'POST /batches/:id/cancel': 'theirs',
  'POST /batches/:id/pause': 'theirs',
  'POST /batches/:id/resume': 'theirs',
  'POST /batches/:id/retry': 'theirs',
  'GET /batches/:id/files': 'theirs',
  'GET /batches/:id/files/:file_id': 'theirs',
  'GET /batches/:id/files/:file_id/content': 'theirs',
  'POST /batches/:id/files/:file_id/messages': 'theirs',
  'GET /batches/:id/results': 'theirs',
  'GET /batches/:id/events': 'theirs',
  'GET /batches/:id/archive': 'theirs',
  'HEAD /batches/:id': 'theirs',
  'HEAD /batches/:id/files/:file_id': 'theirs',
  'GET /events': 'stream',
  'POST /uploads': 'new',
  'GET /webhook-deliveries': 'list',
  'POST /webhook-deliveries/:id/redeliver': 'theirs',
  'POST /webhooks/test': 'shared',
  'GET /credits': 'shared',
  'GET /metrics': 'shared',
  'GET /healthz': 'public',
  'HEAD /healthz': 'public',
  'GET /readyz': 'public',
  'HEAD /readyz': 'public',
  'GET /openapi.json': 'public',
  'GET /docs': 'public',
  'GET /docs/': 'public',
  'GET /docs/guides/:name': 'public',
  'GET /docs/js/scalar.js': 'public',
  'GET /dashboard/api/batch-rows': 'list',
  'GET /dashboard/api/batches': 'list',
  'GET /dashboard/api/batches/:id': 'theirs',
  'GET /dashboard/api/batches/:id/file-rows': 'theirs',
  'GET /dashboard/api/batches/:id/files': 'theirs',
  'GET /dashboard/api/batches/:id/files/:file_id': 'theirs',
  'GET /dashboard/api/batches/:id/files/:file_id/source': 'theirs',
  'GET /dashboard/api/live': 'stream',
  'GET /dashboard/api/me': 'public',
  'POST /dashboard/api/login': 'public',
  'POST /dashboard/api/logout': 'public',
  'GET /dashboard/api/overview': 'shared',
  'GET /dashboard/api/queues': 'shared',
  'GET /dashboard/queues/bull': 'shared',
  'GET /dashboard/queues/bull*': 'shared',
  // The page itself is the same for everybody; what it shows comes from the routes above.
  'GET /dashboard': 'public',
  'GET /dashboard/': 'public',
  'GET /dashboard/batches': 'public',
  'GET /dashboard/batches/:id': 'public',
  'GET /dashboard/batches/:id/files/:file_id': 'public',
  'GET /dashboard/webhooks': 'public',
  'GET /dashboard/queues': 'public',
  'GET /dashboard/assets/:name': 'public',
  'GET /dashboard/icon.svg': 'public',
};

let server: TestRedis;
let api: TestApi;
/** What acme has. */
let has: { readonly batch: string; readonly file: string; readonly delivery: string; readonly upload: string };

before(async () => {
  server = await openTestRedis();
  api = await openTestApi(server.socketPath, { API_KEYS: 'acme:acme-key,other:other-key,boss:boss-key:admin' });
  const webhook = { url: 'https://example.com/hook', secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` };
  const posted = await ask('POST', '/batches', 'acme-key', aBatch({ name: 'acme-batch', webhook }));
  const { id } = posted.json();
  await tell(api.ctx, id, 0, ...completing);
  const [delivery = ''] = await api.ctx.redis.zrange(api.ctx.keys.batchDeliveries(id), 0, '-1');
  const upload = `upl_${'a'.repeat(32)}`;
  const bytes = { name: 'a.mp4', path: 'a.mp4', bytes: 1, sha256: '' };
  await saveUpload(api.ctx, { id: upload, tenant: 'acme', expiresAt: Date.now() + 60_000, ...bytes });
  has = { batch: id, file: fileId(id, 0), delivery, upload };
});
after(async () => {
  await api.close();
  await server.close();
});

function ask(method: string, url: string, key: string | null, payload?: object) {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  return api.app.inject({ method: method as 'GET', url, headers, ...(payload === undefined ? {} : { payload }) });
}

const bodies: Readonly<Record<string, object>> = {
  'POST /batches/:id/files/:file_id/messages': { text: 'mute the video' },
  'POST /webhooks/test': { url: 'not a URL' },
};

const queries = (): Readonly<Record<string, string>> => ({
  'GET /dashboard/api/batch-rows': `?ids=${has.batch}`,
  'GET /dashboard/api/batches/:id/file-rows': '?indexes=0',
});

function call(route: string, key: string | null) {
  const [method = '', pattern = ''] = route.split(' ');
  const owner = pattern.startsWith('/webhook-deliveries') ? has.delivery : has.batch;
  const url = pattern.replace(':id', owner).replace(':file_id', has.file) + (queries()[route] ?? '');
  return ask(method, url, key, bodies[route] ?? (method === 'POST' ? {} : undefined));
}

const theirWords = (): string[] => [...Object.values(has), 'acme'];
const rows = (kind: Kind): string[] => Object.keys(table).filter((route) => table[route] === kind);

test('has a row for every route, and no row for none', () => {
  assert.deepEqual(Object.keys(table).toSorted(), routesOf(api.app));
});

describe('without a key', () => {
  test('only what is public answers', async () => {
    for (const [route, kind] of Object.entries(table)) {
      const { statusCode } = await call(route, null);
      assert.equal(statusCode === 401, kind !== 'public', `${route}: ${statusCode}`);
    }
  });
});

describe("another tenant's", () => {
  test('batch, file and delivery are not there, and nothing happens to them', async () => {
    const before = await readBatch(api.ctx, has.batch);
    for (const route of rows('theirs')) {
      const answer = await call(route, 'other-key');
      const isHead = route.startsWith('HEAD');
      assert.deepEqual([route, answer.statusCode], [route, 404]);
      if (!isHead) assert.equal(answer.json().code, 'not_found', route);
      for (const word of theirWords()) assert.ok(!answer.body.includes(word), `${route} says ${word}`);
    }
    assert.deepEqual(await readBatch(api.ctx, has.batch), before);
  });

  test('rows are in no list and no figure, whatever is asked for', async () => {
    for (const route of [...rows('list'), ...rows('shared')]) {
      const { body } = await call(route, 'other-key');
      for (const word of theirWords()) assert.ok(!body.includes(word), `${route} says ${word}`);
    }
    const named = await ask('GET', `/webhook-deliveries?batch_id=${has.batch}`, 'other-key');
    assert.ok(named.statusCode === 404 || named.json().data.length === 0);
  });

  test('things cannot be built on', async () => {
    const used = await ask('POST', '/batches', 'other-key', aBatch({ files: [{ source: { upload_id: has.upload } }] }));
    assert.equal(used.json().errors[0].code, 'unknown_upload');
    const own = (await ask('POST', '/batches', 'other-key', aBatch())).json();
    const retried = await ask('POST', `${own.links.self}/retry`, 'other-key', { file_ids: [has.file] });
    assert.equal(retried.json().errors[0].code, 'unknown_file');
    const mixed = await ask('GET', `${own.links.self}/files/${has.file}`, 'other-key');
    assert.equal(mixed.statusCode, 404, 'a file is not there under another batch');
    const text = { text: 'show tracks' };
    assert.equal(
      (await ask('POST', `${own.links.self}/files/${has.file}/messages`, 'other-key', text)).statusCode,
      404,
    );
  });

  test('Idempotency-Key is another key', async () => {
    const headers = (key: string) => ({ authorization: `Bearer ${key}`, 'idempotency-key': 'the same' });
    const post = (key: string) =>
      api.app.inject({ method: 'POST', url: '/batches', headers: headers(key), payload: aBatch() });
    const [mine, theirs] = [await post('acme-key'), await post('other-key')];
    assert.deepEqual([mine.statusCode, theirs.statusCode], [202, 202]);
    assert.notEqual(mine.json().id, theirs.json().id);
  });
});

test('the owner and an admin see what the others do not (so the table above can fail)', async () => {
  for (const key of ['acme-key', 'boss-key']) {
    for (const route of rows('theirs').filter((row) => row.startsWith('GET') && !/\/(events|source)$/.test(row))) {
      assert.equal((await call(route, key)).statusCode, 200, route);
    }
    for (const route of rows('list')) assert.ok((await call(route, key)).body.includes(has.batch), route);
  }
});
