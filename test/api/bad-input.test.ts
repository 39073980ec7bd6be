/** Every request that must be refused, with the pointer and code that each fault is told by. */
import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;
let mediaRoot: string;

before(async () => {
  server = await openTestRedis();
  mediaRoot = join(server.dataDir, 'media');
  await mkdir(mediaRoot);
  await writeFile(join(server.dataDir, 'secret.mp4'), 'x');
  await writeFile(join(mediaRoot, 'a.mp4'), 'x');
  await writeFile(join(mediaRoot, 'empty.mp4'), '');
  await writeFile(join(mediaRoot, 'notes.txt'), 'x');
  await symlink(join(server.dataDir, 'secret.mp4'), join(mediaRoot, 'link.mp4'));
  await mkdir(join(mediaRoot, 'folder.mp4'));
  api = await openTestApi(server.socketPath, { MEDIA_ROOT: mediaRoot, MAX_FILES_PER_BATCH: '50000' });
});
after(async () => {
  await api.close();
  await server.close();
});

const json = { 'content-type': 'application/json' };
const aFile = (changes: object) => ({ source: { url: 'https://example.com/a.mp4' }, ...changes });
const from = (source: unknown) => aBatch({ files: [{ source }] });
const fromUrl = (url: string) => from({ url });
const hook = (webhook: object) => aBatch({ webhook: { url: 'https://example.com/hook', ...webhook } });
const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let at = 0; at < depth; at += 1) value = { a: value };
  return value;
};

/** What each body must be answered with, as `pointer code`, in any order. */
const refused: [name: string, body: unknown, ...errors: string[]][] = [
  ['a list instead of an object', [], '# invalid_type'],
  ['text instead of an object', 'x', '# invalid_type'],
  ['null files', aBatch({ files: null }), '#/files invalid_type'],
  ['no files', aBatch({ files: [] }), '#/files too_short'],
  ['absent files', { instructions: ['x y z'] }, '#/files invalid_type'],
  ['50,001 files', aBatch({ files: someFiles(50_001) }), '#/files too_many_files'],
  [
    'wrong types everywhere',
    aBatch({ name: 1, order: 'up', max_sessions: 0, max_credits: -1, dry_run: 'yes' }),
    '#/name invalid_type',
    '#/order invalid_value',
    '#/max_sessions too_small',
    '#/max_credits too_small',
    '#/dry_run invalid_type',
  ],
  ['a file that is no object', aBatch({ files: [3] }), '#/files/0 invalid_type'],
  ['an unknown key', aBatch({ instuctions: ['x'] }), '#/instuctions unknown_key'],
  ['an unknown key in a file', aBatch({ files: [aFile({ nam: 'x.mp4' })] }), '#/files/0/nam unknown_key'],
  [
    'an unknown key in a source',
    from({ url: 'https://example.com/a.mp4', uploadId: 'x' }),
    '#/files/0/source/uploadId unknown_key',
  ],
  ['101 instructions', aBatch({ instructions: Array(101).fill('trim it') }), '#/instructions too_long'],
  [
    'an empty instruction',
    aBatch({ instructions: [''] }),
    '#/instructions/0 too_short',
    '#/instructions/0 invalid_value',
  ],
  ['a blank instruction', aBatch({ instructions: ['  '] }), '#/instructions/0 invalid_value'],
  ['10,000 characters of instruction', aBatch({ instructions: ['x'.repeat(10_000)] }), '#/instructions/0 too_long'],
  ['no instructions at all', aBatch({ instructions: undefined }), '#/instructions instructions_missing'],
  [
    'a file that replaces them with none',
    aBatch({ files: [aFile({ instructions: [] })] }),
    '#/files/0/instructions instructions_missing',
  ],
  ['no kind of source', from({}), '#/files/0/source source_missing'],
  ['no source', aBatch({ files: [{}] }), '#/files/0/source invalid_type'],
  [
    'two kinds of source',
    from({ url: 'https://example.com/a.mp4', path: 'a.mp4' }),
    '#/files/0/source source_ambiguous',
  ],
  [
    'an unknown upload',
    from({ upload_id: 'upl_00000000000000000000000000000000' }),
    '#/files/0/source/upload_id unknown_upload',
  ],
  ['a malformed upload id', from({ upload_id: '../../etc/passwd' }), '#/files/0/source/upload_id unknown_upload'],
  ['a path that climbs', from({ path: '../secret.mp4' }), '#/files/0/source/path path_outside_media_root'],
  ['an absolute path elsewhere', from({ path: '/etc/passwd' }), '#/files/0/source/path path_outside_media_root'],
  ['a link out of the root', from({ path: 'link.mp4' }), '#/files/0/source/path path_outside_media_root'],
  ['the root itself', from({ path: '.' }), '#/files/0/source/path path_outside_media_root'],
  ['a folder', from({ path: 'folder.mp4' }), '#/files/0/source/path path_not_found'],
  ['a missing path', from({ path: 'none.mp4' }), '#/files/0/source/path path_not_found'],
  ['an empty file', from({ path: 'empty.mp4' }), '#/files/0/source/path empty_file'],
  ['a path of another type', from({ path: 'notes.txt' }), '#/files/0/source/path unsupported_file_type'],
  ['a URL of another type', fromUrl('https://example.com/a.exe'), '#/files/0/source/url unsupported_file_type'],
  ['a name of another type', aBatch({ files: [aFile({ name: 'a.docx' })] }), '#/files/0/name unsupported_file_type'],
  ['a name with a slash', aBatch({ files: [aFile({ name: '../a.mp4' })] }), '#/files/0/name invalid_value'],
  ['a name with a line break', aBatch({ files: [aFile({ name: 'a\nb.mp4' })] }), '#/files/0/name invalid_value'],
  [
    'two equal custom ids',
    aBatch({ files: [aFile({ custom_id: 'a' }), aFile({ custom_id: 'a' })] }),
    '#/files/1/custom_id duplicate_custom_id',
  ],
  ['too much metadata', aBatch({ metadata: { a: 'x'.repeat(20_000) } }), '#/metadata invalid_value'],
  ['deep nesting', aBatch({ metadata: nested(40) }), '#/metadata' + '/a'.repeat(32) + ' too_deep'],
  ['a NUL', aBatch({ name: 'a\0b' }), '#/name invalid_text'],
  ['half a surrogate pair', aBatch({ instructions: ['trim \ud800'] }), '#/instructions/0 invalid_text'],
  ['half a surrogate pair as a key', aBatch({ metadata: { '\udfff': 1 } }), '#/metadata/\udfff invalid_text'],
  ['a key of prototypes', aBatch({ metadata: { constructor: 1 } }), '#/metadata/constructor forbidden_key'],
  ['a short secret', hook({ secret: secretOf(23) }), '#/webhook/secret invalid_secret'],
  ['a long secret', hook({ secret: secretOf(65) }), '#/webhook/secret invalid_secret'],
  ['a bare secret', hook({ secret: 'secret' }), '#/webhook/secret invalid_secret'],
  ['an unknown event', hook({ events: ['batch.done'] }), '#/webhook/events/0 invalid_value'],
  ['no events', hook({ events: [] }), '#/webhook/events too_short'],
  ['a private webhook', hook({ url: 'http://10.0.0.1/' }), '#/webhook/url private_host'],
  [
    'a private destination',
    aBatch({ files: [aFile({ destination: { put_url: 'http://[::1]/' } })] }),
    '#/files/0/destination/put_url private_host',
  ],
  ['a private asset', aBatch({ assets: [{ url: 'http://192.168.1.1/logo.png' }] }), '#/assets/0/url private_host'],
  [
    "a file's private asset",
    aBatch({ files: [aFile({ assets: [{ url: 'http://127.0.0.1/a.png' }] })] }),
    '#/files/0/assets/0/url private_host',
  ],
  ['an unsupported format', aBatch({ output: { format: 'gif' } }), '#/output/format invalid_value'],
  [
    'faults of shape and of meaning at once',
    aBatch({
      nam: 1,
      files: [{ source: { url: 'ftp://example.com/a.mp4' }, custom_id: 7 }, { source: { path: '/x' } }],
    }),
    '#/nam unknown_key',
    '#/files/0/custom_id invalid_type',
    '#/files/0/source/url unsupported_protocol',
    '#/files/1/source/path path_outside_media_root',
  ],
];

const privateUrls = [
  'http://localhost/a.mp4',
  'http://a.localhost/a.mp4',
  'http://localhost./a.mp4',
  'http://127.0.0.1/a.mp4',
  'http://2130706433/a.mp4',
  'http://0177.0.0.1/a.mp4',
  'http://0x7f.1/a.mp4',
  'http://127.1/a.mp4',
  'http://[::ffff:127.0.0.1]/a.mp4',
  'http://[::ffff:7f00:1]/a.mp4',
  'http://[64:ff9b::127.0.0.1]/a.mp4',
  'http://[fe80::1]/a.mp4',
  'http://169.254.169.254/a.mp4',
  'http://0.0.0.0/a.mp4',
];

const post = (payload: unknown, headers: Record<string, string> = {}) =>
  api.app.inject({
    method: 'POST',
    url: '/batches',
    headers: { 'content-type': 'application/json', ...headers },
    payload: JSON.stringify(payload),
  });

async function assertNothingStored(): Promise<void> {
  const keys = await api.ctx.redis.keys(`${api.ctx.keys.tag}:*`);
  const own = keys.filter((key) => /:(b:|f:|idem:|loading|batches|ring|t:)/.test(key));
  assert.deepEqual(own, []);
}

describe('a refused batch', () => {
  for (const [name, body, ...errors] of refused) {
    test(`names ${name}`, async () => {
      const answer = await post(body, { 'idempotency-key': name });
      assert.equal(answer.statusCode, 422, answer.body.slice(0, 500));
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      const problem = answer.json();
      assert.equal(problem.code, 'validation_failed');
      const found = problem.errors.map((error: { pointer: string; code: string }) => `${error.pointer} ${error.code}`);
      assert.deepEqual(found.toSorted(), errors.toSorted());
    });
  }
  for (const url of privateUrls) {
    test(`may not be fetched from ${url}`, async () => {
      const [error] = (await post(fromUrl(url))).json().errors;
      assert.equal(`${error.pointer} ${error.code}`, '#/files/0/source/url private_host');
    });
  }
  for (const [url, code] of [
    ['ftp://example.com/a.mp4', 'unsupported_protocol'],
    ['data:video/mp4;base64,AAAA', 'unsupported_protocol'],
    ['file:///etc/passwd', 'unsupported_protocol'],
    ['https://user:password@example.com/a.mp4', 'url_with_credentials'],
    ['not a url', 'invalid_url'],
  ] as const) {
    test(`may not have the URL ${url}`, async () => {
      const [error] = (await post(fromUrl(url))).json().errors;
      assert.equal(`${error.pointer} ${error.code}`, `#/files/0/source/url ${code}`);
    });
  }
  test('stores nothing, and does not use its key up', assertNothingStored);
});

test('an unknown key names the nearest known one', async () => {
  const { errors } = (await post(aBatch({ instuctions: ['x'], webhok: {} }))).json();
  const details = errors.map(({ detail }: { detail: string }) => detail).join('\n');
  assert.match(details, /Did you mean "instructions"\?/);
  assert.match(details, /Did you mean "webhook"\?/);
});

describe('what the framework refuses is a problem as well', () => {
  const cases: [name: string, request: object, status: number, code: string][] = [
    ['no JSON', { method: 'POST', url: '/batches', headers: json, payload: '{"a":' }, 400, 'invalid_json'],
    [
      'no UTF-8',
      { method: 'POST', url: '/batches', headers: json, payload: Buffer.from([0x22, 0xff, 0x22]) },
      400,
      'invalid_json',
    ],
    ['no body', { method: 'POST', url: '/batches' }, 400, 'body_missing'],
    ['an empty body', { method: 'POST', url: '/batches', headers: json, payload: '' }, 400, 'body_missing'],
    [
      'another content type',
      { method: 'POST', url: '/batches', headers: { 'content-type': 'text/plain' }, payload: 'x' },
      415,
      'unsupported_media_type',
    ],
    [
      'a malformed content type',
      { method: 'POST', url: '/batches', headers: { 'content-type': 'x' }, payload: 'x' },
      415,
      'unsupported_media_type',
    ],
    ['bad URL encoding', { url: '/batches/%zz' }, 400, 'invalid_url_encoding'],
    ['an endless id', { url: `/batches/${'a'.repeat(500)}` }, 404, 'not_found'],
    ['an unknown id', { url: '/batches/bat_00000000000000000000000000000000' }, 404, 'not_found'],
    ['a malformed id', { url: "/batches/bat_'%22" }, 404, 'not_found'],
    ['an unknown URL', { url: '/nothing' }, 404, 'not_found'],
    ['a method that is not there', { method: 'DELETE', url: '/batches' }, 405, 'method_not_allowed'],
    ['a malformed cursor', { url: '/batches?cursor=%00' }, 400, 'invalid_cursor'],
    [
      'a cursor of another list',
      { url: `/batches?cursor=${Buffer.from('i5').toString('base64url')}` },
      400,
      'invalid_cursor',
    ],
    ['a limit of 0', { url: '/batches?limit=0' }, 400, 'invalid_query'],
    ['a limit of 1001', { url: '/batches?limit=1001' }, 400, 'invalid_query'],
    ['an odd limit', { url: '/batches?limit=1e2' }, 400, 'invalid_query'],
    ['an unknown status', { url: '/batches?status=done' }, 400, 'invalid_query'],
    ['an unknown query key', { url: '/batches?limits=5' }, 400, 'invalid_query'],
    ['a query key twice', { url: '/batches?limit=5&limit=6' }, 400, 'invalid_query'],
    [
      'a malformed key',
      {
        method: 'POST',
        url: '/batches',
        headers: { ...json, 'idempotency-key': 'ü x' },
        payload: JSON.stringify(aBatch()),
      },
      400,
      'invalid_idempotency_key',
    ],
    [
      'a key of prototypes',
      { method: 'POST', url: '/batches', headers: json, payload: '{"__proto__":{"a":1},"files":[]}' },
      422,
      'validation_failed',
    ],
  ];
  for (const [name, request, status, code] of cases) {
    test(name, async () => {
      const answer = await api.app.inject(request);
      assert.equal(answer.statusCode, status, answer.body);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      const problem = answer.json();
      assert.equal(problem.code, code);
      assert.match(problem.request_id, /^req_/);
    });
  }
  test('a body above 64 MB', async () => {
    const payload = Buffer.alloc(64 * 1024 * 1024 + 1, 0x20);
    const answer = await api.app.inject({ method: 'POST', url: '/batches', headers: json, payload });
    assert.deepEqual([answer.statusCode, answer.json().code], [413, 'body_too_large']);
  });
});

test('without MEDIA_ROOT every path is refused', async () => {
  const without = await openTestApi(server.socketPath);
  const answer = await without.app.inject({ method: 'POST', url: '/batches', payload: from({ path: 'a.mp4' }) });
  await without.close();
  assert.equal(answer.json().errors[0].code, 'paths_disabled');
});

test('what is allowed on private addresses follows its own setting', async () => {
  const lenient = await openTestApi(server.socketPath, { SOURCE_ALLOW_PRIVATE: 'true' });
  const payload = { ...fromUrl('http://127.0.0.1:9/a.mp4'), webhook: { url: 'http://127.0.0.1:9/' } };
  const answer = await lenient.app.inject({ method: 'POST', url: '/batches', payload });
  await lenient.close();
  assert.deepEqual(
    answer.json().errors.map(({ pointer }: { pointer: string }) => pointer),
    ['#/webhook/url'],
  );
});

test('the limits themselves are accepted', async () => {
  const payload = aBatch({
    instructions: Array.from({ length: 100 }, () => 'x'.repeat(5000)),
    webhook: { url: 'https://example.com/hook', secret: `${secretOf(24)} ${secretOf(64)}` },
    files: [{ source: { path: 'a.mp4' } }, { source: { path: join(mediaRoot, 'a.mp4') } }],
  });
  const answer = await api.app.inject({ method: 'POST', url: '/batches', payload });
  assert.equal(answer.statusCode, 202, answer.body);
});
