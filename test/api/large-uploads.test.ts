/** Uploads of many pieces, which are written while the next ones come: each byte in its place, however they were sent. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { readUploads, uploadPath } from '../../src/shared/upload-record.ts';
import { openTestRedis } from '../redis-server.ts';
import { openTestApi } from './open-test-api.ts';

/** Random, but for what a form's boundary begins with, which is looked at again and again. */
function content(bytes: number): Buffer<ArrayBuffer> {
  const clip = Buffer.from(randomBytes(bytes));
  clip.writeUInt32BE(24, 0);
  clip.write('ftypisom', 4, 'latin1');
  for (let at = 1000; at < bytes - 100; at += 65_000) clip.write('\r\n------form', at, 'latin1');
  return clip;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('four large uploads at once, raw and as forms, lie on disk as they were sent', async (t) => {
  const server = await openTestRedis();
  t.after(server.close);
  const api = await openTestApi(server.socketPath, { API_KEYS: 'acme:acme-key' });
  t.after(api.close);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const to = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/uploads?name=clip.mp4`;
  const authorization = 'Bearer acme-key';
  const send = async (clip: Buffer<ArrayBuffer>, asForm: boolean): Promise<string> => {
    const form = new FormData();
    form.append('file', new Blob([clip]), 'clip.mp4');
    const response = await fetch(to, {
      method: 'POST',
      headers: asForm ? { authorization } : { authorization, 'content-type': 'video/mp4' },
      body: asForm ? form : clip,
    });
    assert.equal(response.status, 201);
    const answer = (await response.json()) as { id: string; bytes: number; sha256: string };
    assert.deepEqual([answer.bytes, answer.sha256], [clip.length, sha256(clip)]);
    return answer.id;
  };
  const clips = [5_000_000, 5_000_001, 6_291_456, 6_291_457].map(content);
  const ids = await Promise.all(clips.map((clip, at) => send(clip, at % 2 === 1)));
  const kept = await readUploads(api.ctx, ids);
  for (const [at, clip] of clips.entries()) {
    const upload = kept.get(ids[at] ?? '');
    assert.ok(upload !== undefined);
    assert.equal(sha256(await readFile(uploadPath(api.ctx, upload))), sha256(clip));
  }
});
