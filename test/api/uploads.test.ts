/** Uploads over real connections: every way to name one, every limit, and nothing left behind of a refused one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { dropBatch } from '../../src/shared/drop-batch.ts';
import { seesUploadDir } from '../../src/shared/upload-dir.ts';
import { dropExpiredUploads, readUploads, uploadPath } from '../../src/shared/upload-record.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { aBatch, openTestApi, type TestApi } from './open-test-api.ts';

const maxBytes = 100_000;
let server: TestRedis;
let api: TestApi;
let base: string;
/** Where the disk is full. */
let fullAt: string | null = null;

before(async () => {
  server = await openTestRedis();
  api = await openTestApi(
    server.socketPath,
    {
      MAX_FILE_BYTES: String(maxBytes),
      API_KEYS: 'acme:acme-key,other:other-key',
    },
    {
      reach: (point) => {
        if (point === fullAt) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      },
    },
  );
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  base = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
after(async () => {
  await api.close();
  await server.close();
});

/** What an MP4 begins with, and as many bytes as wanted. */
function mp4(bytes: number): Buffer<ArrayBuffer> {
  const content = Buffer.alloc(bytes, 3);
  content.writeUInt32BE(24, 0);
  content.write('ftypisom', 4, 'latin1');
  return content;
}
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const auth = { authorization: 'Bearer acme-key' };
const upload = (query: string, body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) =>
  fetch(`${base}/uploads${query}`, {
    method: 'POST',
    headers: { ...auth, ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
const filesLeft = async (): Promise<string[]> =>
  (await readdir(api.ctx.config.uploadDir)).filter((name) => name.startsWith('upl_'));

describe('an upload', () => {
  const content = mp4(50_000);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const form = (field: string): FormData => {
    const data = new FormData();
    data.append(field, new Blob([content]), 'clip.mp4');
    return data;
  };
  const ways: [name: string, () => Promise<Response>, expected: string][] = [
    ['?name=', () => upload('?name=clip.mp4', content), 'clip.mp4'],
    [
      '?name= and any content type',
      () => upload('?name=clip.mp4', content, { 'content-type': 'application/json' }),
      'clip.mp4',
    ],
    [
      'Content-Disposition',
      () => upload('', content, { 'content-disposition': 'attachment; filename="my clip.mp4"' }),
      'my clip.mp4',
    ],
    [
      'an encoded Content-Disposition',
      () =>
        upload('', content, { 'content-disposition': "attachment; filename=x.mp4; filename*=UTF-8''%E5%89%AA.mp4" }),
      '剪.mp4',
    ],
    ['a form', () => upload('', form('file')), 'clip.mp4'],
    ['a form and ?name=', () => upload('?name=b.mov', form('file')), 'b.mov'],
  ];
  for (const [name, send, expected] of ways) {
    test(`is named by ${name}`, async () => {
      const response = await send();
      assert.equal(response.status, 201);
      const answer = (await response.json()) as Record<string, string | number>;
      assert.match(String(answer['id']), /^upl_/);
      assert.deepEqual([answer['name'], answer['bytes'], answer['sha256']], [expected, 50_000, sha256]);
      const stored = (await readUploads(api.ctx, [String(answer['id'])])).get(String(answer['id']));
      assert.ok(stored);
      assert.deepEqual(await readFile(uploadPath(api.ctx, stored)), content);
    });
  }
  test('of the very limit is taken', async () => {
    assert.equal((await upload('?name=a.mp4', mp4(maxBytes))).status, 201);
  });
  test('may be a picture or a song', async () => {
    assert.equal((await upload('?name=logo.png', png)).status, 201);
    assert.equal(
      (await upload('?name=a.mp3', Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0]), Buffer.alloc(500)]))).status,
      201,
    );
  });
});

describe('a refused upload leaves nothing behind', () => {
  const stream = (bytes: number): ReadableStream =>
    new ReadableStream({
      start: (controller) => {
        for (let sent = 0; sent < bytes; sent += 20_000)
          controller.enqueue(new Uint8Array(sent === 0 ? mp4(20_000) : Buffer.alloc(20_000)));
        controller.close();
      },
    });
  const wrongField = (): FormData => {
    const data = new FormData();
    data.append('video', new Blob([mp4(100)]), 'clip.mp4');
    return data;
  };
  const bigForm = (): FormData => {
    const data = new FormData();
    data.append('file', new Blob([mp4(maxBytes + 1)]), 'clip.mp4');
    return data;
  };
  const cases: [name: string, () => Promise<Response>, status: number, code: string][] = [
    ['announced as too large', () => upload('?name=a.mp4', mp4(maxBytes + 1)), 413, 'file_too_large'],
    ['too large in mid-stream', () => upload('?name=a.mp4', stream(400_000)), 413, 'file_too_large'],
    ['too large in a form', () => upload('', bigForm()), 413, 'file_too_large'],
    ['of an unknown extension', () => upload('?name=a.exe', mp4(100)), 415, 'unsupported_file_type'],
    ['without an extension', () => upload('?name=a', mp4(100)), 415, 'unsupported_file_type'],
    [
      'text that is called mp4',
      () => upload('?name=a.mp4', Buffer.from('hello world, this is no video')),
      415,
      'unsupported_file_type',
    ],
    ['a picture that is called mp4', () => upload('?name=a.mp4', png), 415, 'unsupported_file_type'],
    [
      'a PDF that is called png',
      () => upload('?name=a.png', Buffer.from('%PDF-1.7 and so on and on')),
      415,
      'unsupported_file_type',
    ],
    ['empty', () => upload('?name=a.mp4', Buffer.alloc(0)), 422, 'empty_file'],
    ['without a name', () => upload('', mp4(100)), 422, 'validation_failed'],
    ['with a name that climbs', () => upload('?name=..%2F..%2Fa.mp4', mp4(100)), 400, 'invalid_query'],
    ['a form without the field', () => upload('', wrongField()), 422, 'validation_failed'],
    [
      'a broken form',
      () => upload('', 'nothing', { 'content-type': 'multipart/form-data; boundary=x' }),
      400,
      'invalid_form',
    ],
    [
      'without a key',
      () => fetch(`${base}/uploads?name=a.mp4`, { method: 'POST', body: mp4(100) }),
      401,
      'missing_api_key',
    ],
  ];
  for (const [name, send, status, code] of cases) {
    test(name, async () => {
      const before = await filesLeft();
      const response = await send();
      const problem = (await response.json()) as { code: string };
      assert.deepEqual([response.status, problem.code], [status, code]);
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.deepEqual(await filesLeft(), before);
    });
  }

  test('cut off half-way', async () => {
    const before = await filesLeft();
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    const head =
      'POST /uploads?name=a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme-key\r\nContent-Length: 90000\r\n\r\n';
    socket.write(head);
    socket.write(mp4(10_000));
    const deadline = performance.now() + 5000;
    const isThere = async (): Promise<boolean> => (await filesLeft()).length > before.length;
    while (!(await isThere()) && performance.now() < deadline) await delay(5);
    assert.ok(await isThere(), 'it had begun');
    socket.destroy();
    while ((await isThere()) && performance.now() < deadline) await delay(5);
    assert.deepEqual(await filesLeft(), before);
  });
});

describe('a full disk', () => {
  for (const point of ['upload: before a piece', 'upload: written, not named']) {
    test(`is a 507 with Retry-After, and leaves nothing (${point})`, async () => {
      const before = await filesLeft();
      fullAt = point;
      const response = await upload('?name=a.mp4', mp4(50_000));
      fullAt = null;
      assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [507, 'storage_full']);
      assert.equal(response.headers.get('retry-after'), '60');
      assert.deepEqual(await filesLeft(), before);
      assert.equal((await upload('?name=a.mp4', mp4(50_000))).status, 201, 'and then there is room again');
    });
  }
});

describe('as a source', () => {
  const store = async (): Promise<string> =>
    ((await (await upload('?name=a.mp4', mp4(100))).json()) as { id: string }).id;
  const post = (id: string, key: string) =>
    api.app.inject({
      method: 'POST',
      url: '/batches',
      headers: { authorization: `Bearer ${key}` },
      payload: aBatch({ files: [{ source: { upload_id: id } }] }),
    });

  test('an upload belongs to its tenant', async () => {
    const id = await store();
    assert.equal((await post(id, 'other-key')).json().errors[0].code, 'unknown_upload');
    const accepted = await post(id, 'acme-key');
    assert.equal(accepted.statusCode, 202);
    const files = await api.app.inject({ url: accepted.json().links.files, headers: auth });
    assert.equal(files.json().data[0].name, 'a.mp4');
  });

  test('it does not expire while a batch refers to it', async () => {
    const [used, unused] = [await store(), await store()];
    const batch = (await post(used, 'acme-key')).json().id;
    const { redis, keys } = api.ctx;
    const later = Date.now() - 1000;
    for (const id of [used, unused]) await redis.zadd(keys.uploadExpiry(), later, id);
    const paths = await filesLeft();
    assert.equal(await dropExpiredUploads(api.ctx, Date.now()), 1);
    assert.deepEqual([...(await readUploads(api.ctx, [used, unused])).keys()], [used]);
    assert.equal((await filesLeft()).length, paths.length - 1);
    await dropBatch(api.ctx, batch);
    await redis.zadd(keys.uploadExpiry(), later, used);
    assert.equal(await dropExpiredUploads(api.ctx, Date.now()), 1);
    assert.equal((await post(used, 'acme-key')).json().errors[0].code, 'unknown_upload');
  });
});

test('a worker with another folder mounted sees that it is not the one', async () => {
  assert.equal(await seesUploadDir(api.ctx), true);
  const elsewhere = { ...api.ctx, config: { ...api.ctx.config, uploadDir: join(api.dataDir, 'elsewhere') } };
  assert.equal(await seesUploadDir(elsewhere), false);
});
