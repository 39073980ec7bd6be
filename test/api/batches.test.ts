/** Batches from POST to the end of their pages: intake, resources, keys that repeat, cursors, tenants. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { acceptedBatchSchema, batchSchema } from '../../src/api/batches.schema.ts';
import { fileSchema } from '../../src/api/files.schema.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, failing, tell } from '../shared/webhook/open-webhook-context.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

const keys = 'acme:acme-key,other:other-key,acme:reader-key:viewer,root:root-key:admin';
let server: TestRedis;
let api: TestApi;

before(async () => {
  server = await openTestRedis();
  api = await openTestApi(server.socketPath, { API_KEYS: keys });
});
after(async () => {
  await api.close();
  await server.close();
});

const as = (key: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${key}`, ...more });
const get = (url: string, key = 'acme-key') => api.app.inject({ url, headers: as(key) });
const post = (url: string, payload: object | undefined, headers = as('acme-key')) =>
  api.app.inject({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload }) });

async function accepted(changes: Record<string, unknown> = {}, headers = as('acme-key')): Promise<string> {
  const answer = await post('/batches', aBatch(changes), headers);
  assert.equal(answer.statusCode, 202, answer.body);
  return answer.json().id;
}

test('a batch is accepted, and is what its schema says', async () => {
  const answer = await post(
    '/batches',
    aBatch({
      name: 'spring',
      metadata: { order: 7 },
      files: [
        { source: { url: 'https://example.com/my%20clip.mkv?sig=1' }, custom_id: 'a', metadata: { sku: 1 } },
        { source: { url: 'https://example.com/' }, name: 'named.mp4', instructions: ['make it better'] },
      ],
    }),
  );
  assert.equal(answer.statusCode, 202);
  const batch = acceptedBatchSchema.parse(answer.json());
  assert.equal(answer.headers['location'], batch.links.self);
  assert.deepEqual(
    batch.warnings.map(({ code, pointer }) => `${code} ${pointer}`),
    ['vague_instruction #/files/1/instructions/0', 'less_smooth_type #/files/0/source'],
  );
  assert.deepEqual([batch.name, batch.status, batch.counts.total, batch.counts.queued], ['spring', 'queued', 2, 2]);
  const { warnings: _, ...rest } = batch;
  assert.deepEqual(batchSchema.parse((await get(batch.links.self)).json()), rest);
  const files = (await get(batch.links.files)).json().data.map((file: unknown) => fileSchema.parse(file));
  assert.deepEqual(
    files.map(({ name, custom_id, index, status }: Record<string, unknown>) => [name, custom_id, index, status]),
    [
      ['my clip.mkv', 'a', 0, 'queued'],
      ['named.mp4', null, 1, 'queued'],
    ],
  );
  assert.deepEqual(files[1].instructions, ['make it better']);
  assert.deepEqual(files[0].waiting_for, { reason: 'slot', until: null, position: 0, detail: null });
});

test('a dry run estimates, and stores nothing', async () => {
  const before = await api.ctx.redis.dbsize();
  const answer = await post(
    '/batches',
    aBatch({ dry_run: true, files: someFiles(3) }),
    as('acme-key', { 'idempotency-key': 'dry' }),
  );
  assert.equal(answer.statusCode, 200);
  const { estimate, problems } = answer.json();
  assert.deepEqual(estimate, { files: 3, sessions: 3, credits: 150, available: 100 });
  assert.deepEqual(
    problems.map(({ code }: { code: string }) => code),
    ['credits_short'],
  );
  assert.equal(await api.ctx.redis.dbsize(), before);
});

test('300 files come back in the order given, page by page', async () => {
  const id = await accepted({ files: someFiles(300) });
  const names: string[] = [];
  let cursor = '';
  do {
    const page = (await get(`/batches/${id}/files?limit=70${cursor === '' ? '' : `&cursor=${cursor}`}`)).json();
    names.push(...page.data.map(({ name }: { name: string }) => name));
    cursor = page.next_cursor ?? '';
  } while (cursor !== '');
  assert.deepEqual(
    names,
    Array.from({ length: 300 }, (_, at) => `${at}.mp4`),
  );
  const lines = (await get(`/batches/${id}/results`)).body.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => fileSchema.parse(JSON.parse(line)).index),
    Array.from({ length: 300 }, (_, at) => at),
  );
});

test('files of a status are paged in index order, without those that moved on', async () => {
  const id = await accepted({ files: someFiles(5) });
  for (const index of [0, 2, 3]) await tell(api.ctx, id, index, ...failing);
  const first = (await get(`/batches/${id}/files?status=failed&limit=2`)).json();
  assert.deepEqual(
    first.data.map(({ index }: { index: number }) => index),
    [0, 2],
  );
  const next = (await get(`/batches/${id}/files?status=failed&limit=2&cursor=${first.next_cursor}`)).json();
  assert.deepEqual([next.data.map(({ index }: { index: number }) => index), next.next_cursor], [[3], null]);
  assert.equal(fileSchema.parse(next.data[0]).error?.code, 'source_unreachable');
});

test('a completed file shows its output and its bytes', async () => {
  const id = await accepted();
  await tell(api.ctx, id, 0, ...completing);
  const [file] = (await get(`/batches/${id}/files`)).json().data;
  assert.deepEqual(fileSchema.parse(file).output, {
    url: 'https://media.example/out.mp4',
    format: 'mp4',
    duration_ms: 3000,
    bytes: 1000,
  });
  const content = await get(`/batches/${id}/files/${file.id}/content`);
  assert.deepEqual([content.statusCode, content.headers['content-type'], content.body], [200, 'video/mp4', 'video']);
  assert.match(String(content.headers['content-disposition']), /filename="a.mp4"/);
  const batch = (await get(`/batches/${id}`)).json();
  assert.deepEqual([batch.status, batch.credits], ['completed', { estimated: 50, spent: 50, spent_is: 'estimated' }]);
});

describe('an Idempotency-Key', () => {
  const withKey = (key: string) => as('acme-key', { 'idempotency-key': key });

  test('makes one batch of 20 POSTs at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('/batches', aBatch({ name: 'once' }), withKey('parallel'))),
    );
    const ids = new Set(answers.filter(({ statusCode }) => statusCode === 202).map((answer) => answer.json().id));
    assert.equal(ids.size, 1);
    assert.ok(answers.every(({ statusCode }) => statusCode === 202 || statusCode === 409));
    const again = await post('/batches', aBatch({ name: 'once' }), withKey('parallel'));
    assert.deepEqual([again.statusCode, again.json().id], [202, [...ids][0]]);
    assert.equal(again.headers['idempotent-replayed'], 'true');
  });

  test('takes the same body however its keys are ordered, and no other', async () => {
    const first = await post('/batches', { ...aBatch(), name: 'x' }, withKey('order'));
    const same = await post('/batches', { name: 'x', ...aBatch() }, withKey('order'));
    assert.equal(same.body, first.body);
    const other = await post('/batches', { ...aBatch(), name: 'y' }, withKey('order'));
    assert.deepEqual([other.statusCode, other.json().code], [422, 'idempotency_key_mismatch']);
  });

  test('is free again after a refused POST', async () => {
    assert.equal((await post('/batches', aBatch({ files: [] }), withKey('refused'))).statusCode, 422);
    assert.equal((await post('/batches', aBatch(), withKey('refused'))).statusCode, 202);
  });

  test("is a tenant's own", async () => {
    const mine = await accepted({}, withKey('shared'));
    assert.notEqual(await accepted({}, as('other-key', { 'idempotency-key': 'shared' })), mine);
  });

  test('answers 409 while its batch is being taken in, and is freed with a dropped one', async () => {
    const chunk = api.ctx.scripts['intake-chunk'];
    const scripts = api.ctx.scripts as Record<string, unknown>;
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    scripts['intake-chunk'] = async () => {
      started.resolve();
      await go.promise;
      return 0; // the lease is gone
    };
    const slow = post('/batches', aBatch(), withKey('slow'));
    await started.promise;
    const early = await post('/batches', aBatch(), withKey('slow'));
    assert.deepEqual([early.statusCode, early.json().code], [409, 'idempotency_key_in_flight']);
    go.resolve();
    const dropped = await slow;
    assert.deepEqual([dropped.statusCode, dropped.json().code], [503, 'intake_too_slow']);
    scripts['intake-chunk'] = chunk;
    assert.equal((await post('/batches', aBatch(), withKey('slow'))).statusCode, 202);
  });
});

test('batches are listed newest first, also those of one millisecond', async () => {
  const own = await openTestApi(server.socketPath);
  const ids: string[] = [];
  for (let at = 0; at < 7; at += 1) {
    ids.push((await own.app.inject({ method: 'POST', url: '/batches', payload: aBatch() })).json().id);
  }
  const { ctx } = own;
  for (const id of ids.slice(2, 6)) await ctx.redis.zadd(ctx.keys.allBatches(), 1000, id);
  const listed: string[] = [];
  let cursor = '';
  do {
    const page = (await own.app.inject({ url: `/batches?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}` })).json();
    listed.push(...page.data.map(({ id }: { id: string }) => id));
    cursor = page.next_cursor ?? '';
  } while (cursor !== '');
  assert.deepEqual(listed, [ids[6], ids[1], ids[0], ...ids.slice(2, 6).toSorted().toReversed()]);
  await tell(ctx, ids[3] ?? '', 0, ...failing);
  const failed = (await own.app.inject({ url: '/batches?status=failed' })).json();
  assert.deepEqual(
    failed.data.map(({ id }: { id: string }) => id),
    [ids[3]],
  );
  assert.equal(failed.next_cursor, null);
  await own.close();
});

describe('tenants', () => {
  const routesOf = (id: string, file: string): [method: 'GET' | 'POST', url: string][] => [
    ['GET', `/batches/${id}`],
    ['GET', `/batches/${id}/files`],
    ['GET', `/batches/${id}/files/${file}`],
    ['GET', `/batches/${id}/files/${file}/content`],
    ['GET', `/batches/${id}/results`],
    ['GET', `/batches/${id}/events`],
    ['GET', `/webhook-deliveries?batch_id=${id}`],
    ['POST', `/batches/${id}/cancel`],
    ['POST', `/batches/${id}/pause`],
    ['POST', `/batches/${id}/resume`],
    ['POST', `/batches/${id}/retry`],
    ['POST', `/batches/${id}/files/${file}/messages`],
  ];

  test('see only their own: the rest is 404 over every route', async () => {
    const id = await accepted();
    const file = (await get(`/batches/${id}/files`)).json().data[0].id;
    for (const [method, url] of routesOf(id, file)) {
      const payload = url.endsWith('messages') ? { text: 'status' } : undefined;
      const answer = await api.app.inject({ method, url, headers: as('other-key'), ...(payload ? { payload } : {}) });
      assert.deepEqual([url, answer.statusCode, answer.json().code], [url, 404, 'not_found']);
    }
    const listed = (await get('/batches?limit=1000', 'other-key')).json().data;
    assert.ok(listed.every((batch: { id: string }) => batch.id !== id));
  });

  test("a file of another batch is not found under one's own", async () => {
    const [mine, theirs] = [await accepted(), await accepted({}, as('other-key'))];
    const file = (await get(`/batches/${theirs}/files`, 'other-key')).json().data[0].id;
    assert.equal((await get(`/batches/${mine}/files/${file}`)).statusCode, 404);
  });

  test('an admin sees and acts on all', async () => {
    const id = await accepted({}, as('other-key'));
    assert.equal((await get(`/batches/${id}`, 'root-key')).statusCode, 200);
    assert.ok(
      (await get('/batches?limit=1000', 'root-key')).json().data.some((batch: { id: string }) => batch.id === id),
    );
    assert.equal((await post(`/batches/${id}/pause`, undefined, as('root-key'))).statusCode, 202);
  });

  test('a viewer reads and does nothing else', async () => {
    const id = await accepted();
    assert.equal((await get(`/batches/${id}`, 'reader-key')).statusCode, 200);
    for (const url of ['/batches', `/batches/${id}/cancel`, '/uploads?name=a.mp4', '/webhooks/test']) {
      const answer = await post(url, {}, as('reader-key'));
      assert.deepEqual([answer.statusCode, answer.json().code], [403, 'forbidden']);
    }
  });

  test('a missing or wrong key is refused, but for what is public', async () => {
    for (const [headers, code] of [
      [{}, 'missing_api_key'],
      [{ authorization: 'Basic acme-key' }, 'missing_api_key'],
      [as('nobody'), 'invalid_api_key'],
      [as(''), 'missing_api_key'],
    ] as const) {
      const answer = await api.app.inject({ url: '/batches', headers });
      assert.deepEqual([answer.statusCode, answer.json().code], [401, code]);
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
    }
    for (const url of ['/healthz', '/readyz', '/openapi.json', '/docs/', '/docs/js/scalar.js']) {
      assert.equal((await api.app.inject({ url })).statusCode, 200, url);
    }
    assert.equal((await api.app.inject({ url: '/metrics' })).statusCode, 401);
  });
});

test('the document has every route with its errors, and no schema that nothing uses', async () => {
  const document = (await api.app.inject({ url: '/openapi.json' })).json();
  assert.equal(document.openapi, '3.1.0');
  const text = JSON.stringify(document);
  for (const name of Object.keys(document.components.schemas)) {
    assert.ok(text.includes(`"#/components/schemas/${name}"`), `${name} is used`);
  }
  const { paths } = document;
  assert.deepEqual(Object.keys(paths['/batches/{id}']), ['get']);
  assert.ok(paths['/batches'].post.responses['422'].content['application/problem+json']);
  assert.ok(paths['/uploads'].post.responses['413']);
  for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      assert.ok('401' in responses || path.endsWith('z'), `${method} ${path} documents its errors`);
    }
  }
});
