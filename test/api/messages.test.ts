/** Messages on files: routed as the caller means them, answered at once where that is possible, taken once. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, test } from 'node:test';
import { messageAnswerSchema } from '../../src/api/files.schema.ts';
import { fileId } from '../../src/shared/ids.ts';
import { loadFile } from '../../src/shared/load-file.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { completing, failing, tell } from '../shared/webhook/open-webhook-context.ts';
import { aBatch, openTestApi, someFiles, type TestApi } from './open-test-api.ts';

let server: TestRedis;
let api: TestApi;
let serves = true;
let id: string;

before(async () => {
  server = await openTestRedis();
  const openContent = async () => {
    if (!serves) throw new Error('gone');
    return { status: 206, headers: {}, body: Readable.from(['v']) };
  };
  api = await openTestApi(server.socketPath, {}, { openContent });
});
after(async () => {
  await api.close();
  await server.close();
});
beforeEach(async () => {
  serves = true;
  const answer = await api.app.inject({ method: 'POST', url: '/batches', payload: aBatch({ files: someFiles(2) }) });
  id = answer.json().id;
  await tell(api.ctx, id, 0, ...completing);
  await tell(api.ctx, id, 1, ...failing);
});

const say = (payload: object, { index = 0, key = '' } = {}) =>
  api.app.inject({
    method: 'POST',
    url: `/batches/${id}/files/${fileId(id, index)}/messages`,
    payload,
    headers: key === '' ? {} : { 'idempotency-key': key },
  });
async function stored(index = 0) {
  const loaded = await loadFile(api.ctx, fileId(id, index));
  assert.ok(typeof loaded !== 'string');
  return loaded.file;
}
const round = async (): Promise<number> => (await api.app.inject({ url: `/batches/${id}` })).json().round;

test('an edit works on the finished file and reopens the batch', async () => {
  const answer = await say({ text: 'add a title' });
  assert.equal(answer.statusCode, 202, answer.body);
  const said = messageAnswerSchema.parse(answer.json());
  assert.equal(said.action, 'edit');
  const file = await stored();
  assert.deepEqual([file.state.status, file.instructions], ['editing', ['trim the first 3 seconds', 'add a title']]);
  assert.equal(await round(), 2);
  assert.equal(answer.json().file.output.url, 'https://media.example/out.mp4', 'the old output stays');
  const second = await say({ text: 'add another' });
  assert.deepEqual([second.statusCode, second.json().code], [409, 'file_not_finished']);
});

describe('what can be answered at once reopens nothing', () => {
  for (const [text, action] of [
    ['导出', 'export'],
    ['send me the video', 'export'],
    ['how many credits are left?', 'credits'],
    ['status', 'state'],
  ] as const) {
    test(`${text} → ${action}`, async () => {
      const answer = await say({ text });
      assert.equal(answer.statusCode, 202, answer.body);
      assert.equal(messageAnswerSchema.parse(answer.json()).action, action);
      assert.equal((await stored()).state.status, 'completed');
      assert.equal(await round(), 1);
    });
  }
});

test('an export whose output does not serve any more renders again', async () => {
  serves = false;
  const answer = await say({ text: 'export' });
  assert.deepEqual([answer.statusCode, answer.json().action], [202, 'export']);
  assert.equal((await stored()).state.status, 'rendering');
});

test('assets alone are uploaded into the kept session', async () => {
  const answer = await say({ assets: [{ url: 'https://example.com/logo.png' }] });
  assert.deepEqual([answer.statusCode, answer.json().action], [202, 'upload']);
  assert.equal((await stored()).state.status, 'uploading');
  assert.equal((await stored()).instructions.length, 1);
});

test('is refused with every problem', async () => {
  for (const [payload, ...errors] of [
    [{}, '# message_empty'],
    [{ txt: 'x' }, '#/txt unknown_key'],
    [{ text: '' }, '#/text too_short', '#/text invalid_value'],
    [{ text: 'upload' }, '#/assets assets_missing'],
    [{ text: 1, assets: [{ url: 'http://localhost/a.png' }] }, '#/text invalid_type', '#/assets/0/url private_host'],
  ] as const) {
    const answer = await say(payload);
    assert.equal(answer.statusCode, 422, JSON.stringify(payload));
    const found = answer.json().errors.map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`);
    assert.deepEqual(found, errors);
  }
});

test('a failed file takes none, a file of a canceled batch neither', async () => {
  assert.equal((await say({ text: 'add a title' }, { index: 1 })).json().code, 'file_not_finished');
  await api.ctx.redis.hset(api.ctx.keys.batch(id), 'canceled_round', '1');
  const answer = await say({ text: 'status' });
  assert.deepEqual([answer.statusCode, answer.json().code], [409, 'batch_canceled']);
});

test('under one key is taken once', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => say({ text: 'add a title' }, { key: 'once' })));
  assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)).has(202), true);
  assert.ok(answers.every(({ statusCode }) => statusCode === 202 || statusCode === 409));
  const again = await say({ text: 'add a title' }, { key: 'once' });
  assert.deepEqual([again.statusCode, again.headers['idempotent-replayed']], [202, 'true']);
  assert.equal((await stored()).instructions.length, 2);
  assert.equal((await say({ text: 'another' }, { key: 'once' })).json().code, 'idempotency_key_mismatch');
  assert.equal((await say({ text: '' }, { key: 'refused' })).statusCode, 422);
  assert.equal((await say({ text: 'status' }, { key: 'refused' })).statusCode, 202);
});
