import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { anonymousToken } from '../../../src/shared/upstream/anonymous-token.ts';
import { claimToken } from '../../../src/shared/upstream/claim-token.ts';
import { createSession } from '../../../src/shared/upstream/create-session.ts';
import { readBalance } from '../../../src/shared/upstream/read-balance.ts';
import { readRender } from '../../../src/shared/upstream/read-render.ts';
import { readState } from '../../../src/shared/upstream/read-state.ts';
import { submitRender } from '../../../src/shared/upstream/submit-render.ts';
import type { CallOptions, Upstream, UpstreamFault } from '../../../src/shared/upstream/types.ts';
import { uploadByUrl } from '../../../src/shared/upstream/upload-by-url.ts';
import { UpstreamError } from '../../../src/shared/upstream/upstream-error.ts';
import { attribution, sendJson, startRawStub, startStub, token, type Stub } from './stub-upstream.ts';

const sid = '5529798706024415232';
const render = { id: 'render_1773423613616', sessionId: sid, draftText: '{}' };

type AnyCall = (up: Upstream, options?: CallOptions) => Promise<unknown>;
const calls: Record<string, AnyCall> = {
  anonymousToken: (up, options) => anonymousToken(up, { clientId: 'c-1' }, options),
  createSession: (up, options) => createSession(up, token, { taskName: 'project', language: 'en' }, options),
  claimToken: (up, options) => claimToken(up, token, { taskId: 't', sessionId: sid }, options),
  uploadByUrl: (up, options) => uploadByUrl(up, token, { sessionId: sid, url: 'https://a.example/b.mp4' }, options),
  readState: (up, options) => readState(up, token, sid, options),
  readBalance: (up, options) => readBalance(up, token, options),
  submitRender: (up, options) => submitRender(up, token, render, options),
  readRender: (up, options) => readRender(up, token, render.id, options),
};

/** One server for many replies, each used once. */
async function replies(
  t: TestContext,
): Promise<{ stub: Stub; set: (status: number, body: string | Buffer, headers?: Record<string, string>) => void }> {
  let next: { status: number; body: string | Buffer; headers: Record<string, string> } = {
    status: 200,
    body: '',
    headers: {},
  };
  const stub = await startStub((_request, response) => response.writeHead(next.status, next.headers).end(next.body));
  t.after(stub.close);
  return {
    stub,
    set: (status, body, headers = { 'content-type': 'application/json' }) => (next = { status, body, headers }),
  };
}

async function faultOf(promise: Promise<unknown>): Promise<UpstreamFault> {
  const error: unknown = await promise.then(
    () => assert.fail('expected a fault'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UpstreamError, String(error));
  assert.ok(!JSON.stringify([error.message, error.stack, error.fault]).includes(token), 'the token leaked');
  return error.fault;
}

test('every call carries attribution, and the token in its header alone', async (t) => {
  const { stub, set } = await replies(t);
  set(
    200,
    '{"code":0,"data":{"token":"t","session_id":"1","claim_token":"c","files":[],"draft":null,"available":1,"status":"pending"}}',
  );
  for (const call of Object.values(calls)) await call(stub.up);
  assert.equal(stub.received.length, 8);
  for (const { url, headers } of stub.received) {
    assert.partialDeepStrictEqual(headers, attribution);
    assert.ok(!url.includes(token));
    const expected = url.includes('anonymous') ? undefined : `Bearer ${token}`;
    assert.equal(headers.authorization, expected);
  }
  assert.deepEqual(
    stub.received.map(({ method, url, body }) => `${method} ${url} ${body.toString()}`),
    [
      'POST /api/auth/anonymous-token ',
      'POST /api/tasks/me/with-session/nemo_agent {"task_name":"project","language":"en"}',
      `POST /api/auth/claim-token {"task_id":"t","session_id":"${sid}"}`,
      `POST /api/upload-video/nemo_agent/me/${sid} {"urls":["https://a.example/b.mp4"],"source_type":"url"}`,
      `GET /api/state/nemo_agent/me/${sid}/latest `,
      'GET /api/credits/balance/simple ',
      `POST /api/render/proxy/lambda {"id":"${render.id}","sessionId":"${sid}","draft":{},"output":{"format":"mp4","quality":"high"}}`,
      `GET /api/render/proxy/lambda/${render.id} `,
    ],
  );
  assert.equal(stub.received[0]!.headers['x-client-id'], 'c-1');
});

test('ids cannot leave their place in the path', async (t) => {
  const { stub, set } = await replies(t);
  set(200, '{"code":0,"data":{"draft":null}}');
  await readState(stub.up, token, '../../x?y#z');
  assert.equal(stub.received[0]!.url, '/api/state/nemo_agent/me/..%2F..%2Fx%3Fy%23z/latest');
});

const faults: [string, number, string, string, number][] = [
  ['readState', 200, '{"code":1001,"msg":"x"}', 'token_invalid', 1001],
  ['readState', 200, '{"code":"1001"}', 'token_invalid', 1001],
  ['readState', 401, '{"detail":"x"}', 'token_invalid', 401],
  ['readState', 401, '{"code":1002}', 'session_missing', 1002],
  ['readState', 404, '{"code":1002,"message":"gone"}', 'session_missing', 1002],
  ['readState', 404, '{"detail":"Not Found"}', 'session_unconfirmed', 404],
  ['readState', 404, '[]', 'session_unconfirmed', 404],
  ['readState', 404, '', 'session_unconfirmed', 404],
  ['readState', 200, '{"code":404,"message":"x"}', 'session_unconfirmed', 404],
  ['readState', 404, '<!DOCTYPE html><html><title>404</title></html>', 'server_error', 404],
  ['uploadByUrl', 404, '{}', 'session_unconfirmed', 404],
  ['readRender', 404, '{"detail":"Not Found"}', 'not_found', 404],
  ['readRender', 200, '{"success":false,"code":404}', 'not_found', 404],
  ['createSession', 404, '{}', 'not_found', 404],
  ['createSession', 200, '{"code":2001,"message":"x"}', 'out_of_credits', 2001],
  ['createSession', 402, '{"code":2001}', 'out_of_credits', 2001],
  ['submitRender', 402, '{"detail":"x"}', 'export_blocked', 402],
  ['submitRender', 200, '{"success":false,"code":402,"error":"x"}', 'export_blocked', 402],
  ['uploadByUrl', 200, '{"code":4001}', 'unsupported_file_type', 4001],
  ['uploadByUrl', 415, '{}', 'unsupported_file_type', 415],
  ['uploadByUrl', 400, '{"code":4002}', 'file_too_large', 4002],
  ['uploadByUrl', 413, '<html><head><title>413 Request Entity Too Large</title></head></html>', 'file_too_large', 413],
  ['anonymousToken', 400, '{"detail":"X-Client-Id"}', 'client_id_missing', 400],
  ['readBalance', 400, '{"detail":"x"}', 'rejected', 400],
  ['readBalance', 403, '{}', 'forbidden', 403],
  ['readBalance', 429, '', 'rate_limited', 429],
  ['readBalance', 200, '{"code":429}', 'rate_limited', 429],
  ['readBalance', 503, '{"code":429}', 'rate_limited', 429],
  ['readBalance', 408, '', 'server_error', 408],
  ['readBalance', 500, '{"code":0,"data":{"available":1}}', 'server_error', 500],
  ['readBalance', 502, '<html>', 'server_error', 502],
  ['readBalance', 200, '<html>login</html>', 'server_error', 200],
  ['readBalance', 200, '{"code":0,"data":{"avail', 'server_error', 200],
  ['readBalance', 200, '', 'server_error', 200],
  ['readBalance', 200, 'null', 'server_error', 200],
  ['readBalance', 200, '[]', 'server_error', 200],
  ['readBalance', 200, '{"error":"x"}', 'server_error', 200],
  ['readBalance', 200, '{"success":false,"error":"x"}', 'rejected', 200],
  ['readBalance', 200, '{"code":0,"data":{"available":{"a":1}}}', 'server_error', 200],
  ['readBalance', 200, '{"code":77}', 'rejected', 77],
  ['readBalance', 200, '{"error":{"code":1001,"message":"x"}}', 'token_invalid', 1001],
  ['createSession', 200, '{"code":0,"data":{}}', 'server_error', 200],
  ['claimToken', 200, '{"code":0,"data":null}', 'server_error', 200],
  ['uploadByUrl', 200, '{}', 'server_error', 200],
  ['readState', 200, '{"code":0,"data":{"session_id":"1"}}', 'server_error', 200],
  ['readState', 200, '{"code":0}', 'server_error', 200],
  ['readRender', 200, '{"success":true,"data":{}}', 'server_error', 200],
  ['submitRender', 200, '{}', 'server_error', 200],
  ['anonymousToken', 200, '{"code":0,"data":{"token":"a b"}}', 'server_error', 200],
];

test('reads what went wrong from code and status, body first', async (t) => {
  const { stub, set } = await replies(t);
  for (const [call, status, body, code, upstreamCode] of faults) {
    set(status, body);
    const fault = await faultOf(calls[call]!(stub.up));
    assert.deepEqual(
      { code: fault.code, upstreamCode: fault.upstreamCode, httpStatus: fault.httpStatus },
      { code, upstreamCode, httpStatus: status },
      `${call} ${status} ${body}`,
    );
  }
  assert.equal(stub.received.length, faults.length, 'no call is ever repeated');
});

test('keeps the words of an error, cut and without the token', async (t) => {
  const { stub, set } = await replies(t);
  const words: [string, string][] = [
    [`{"message":"Bearer ${token} is bad"}`, 'Bearer [token] is bad'],
    ['{"msg":"m"}', 'm'],
    ['{"detail":"d"}', 'd'],
    ['{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"and this"}]}', 'field required; and this'],
    ['{"error":{"message":"e"}}', 'e'],
    ['{"data":{"error":"inside"}}', 'inside'],
    ['plain words', 'plain words'],
    ['<html><head><title>502 Bad Gateway</title></head>', '502 Bad Gateway'],
    [`{"message":"${'x'.repeat(900)}"}`, 'x'.repeat(500)],
    ['{"message":17}', ''],
    [`{"message":${'['.repeat(9000)}${']'.repeat(9000)}}`, ''],
  ];
  for (const [body, detail] of words) {
    set(500, body);
    assert.equal((await faultOf(readBalance(stub.up, token))).detail, detail);
  }
});

test('reads Retry-After in seconds and as a date by the answer’s own clock', async (t) => {
  const { stub, set } = await replies(t);
  set(429, '', { 'retry-after': '90' });
  assert.equal((await faultOf(readBalance(stub.up, token))).retryAfterMs, 90_000);
  set(429, '', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' });
  assert.equal((await faultOf(readBalance(stub.up, token))).retryAfterMs, 30_000);
  set(429, '', { 'retry-after': 'soon' });
  assert.equal((await faultOf(readBalance(stub.up, token))).retryAfterMs, null);
});

test('never follows a redirect with the token', async (t) => {
  const other = await startStub((_request, response) => sendJson(response, { code: 0, data: { available: 1 } }));
  t.after(other.close);
  const { stub, set } = await replies(t);
  for (const status of [301, 302, 303, 307, 308]) {
    set(status, '', { location: `${other.url}/api/credits/balance/simple` });
    assert.equal((await faultOf(readBalance(stub.up, token))).code, 'server_error');
  }
  assert.equal(other.received.length, 0);
});

test('caps replies, also compressed ones', async (t) => {
  const { stub, set } = await replies(t);
  const json = (length: number): string =>
    JSON.stringify({ code: 0, data: { available: 5, draft: null, pad: 'x'.repeat(length) } });
  set(200, json(1024 * 1024));
  assert.equal((await faultOf(readBalance(stub.up, token))).code, 'server_error');
  await readState(stub.up, token, sid);
  set(200, json(16 * 1024 * 1024));
  assert.equal((await faultOf(readState(stub.up, token, sid))).code, 'server_error');
  set(200, gzipSync(json(1024 * 1024)), { 'content-encoding': 'gzip' });
  assert.equal((await faultOf(readBalance(stub.up, token))).code, 'server_error');
  for (const [name, bytes] of [
    ['gzip', gzipSync(json(9))],
    ['br', brotliCompressSync(json(9))],
  ] as const) {
    set(200, bytes, { 'content-encoding': name });
    assert.equal((await readBalance(stub.up, token)).available, 5);
  }
  set(200, gzipSync(json(9)).subarray(0, 20), { 'content-encoding': 'gzip' });
  assert.equal((await faultOf(readBalance(stub.up, token))).code, 'server_error');
  set(200, json(9), { 'content-encoding': 'sdch' });
  assert.equal((await faultOf(readBalance(stub.up, token))).code, 'server_error');
});

test('tells a lost connection from one that was never made, a time-out and our own signal', async (t) => {
  const cut = await startRawStub((socket) => socket.destroy());
  const half = await startRawStub((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"code":0'));
  const silent = await startRawStub(() => undefined);
  const slow = await startRawStub((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"code":0'));
  const noise = await startRawStub((socket) => socket.end('what is this?\r\n\r\n'));
  const dead = await startStub(() => undefined, { baseUrl: `http://127.0.0.1:${cut.port}` });
  for (const stub of [cut, half, silent, slow, noise, dead]) t.after(stub.close);
  const code = async (promise: Promise<unknown>): Promise<string> => (await faultOf(promise)).code;
  assert.equal(await code(readBalance(cut.up, token)), 'connection_lost');
  assert.equal(await code(readBalance(half.up, token)), 'connection_lost');
  assert.equal(await code(readBalance(noise.up, token)), 'connection_lost');
  assert.equal(await code(readBalance(silent.up, token, { timeoutMs: 60 })), 'timed_out');
  assert.equal(await code(readBalance(slow.up, token, { timeoutMs: 60 })), 'timed_out');
  assert.equal(await code(readBalance(silent.up, token, { signal: AbortSignal.timeout(40) })), 'aborted');
  assert.equal(await code(readBalance(silent.up, token, { signal: AbortSignal.abort() })), 'aborted');
  await cut.close();
  assert.deepEqual(await faultOf(readBalance(dead.up, token)), {
    code: 'connect_failed',
    upstreamCode: null,
    httpStatus: null,
    retryAfterMs: null,
    detail: 'ECONNREFUSED',
  });
});

test('reads a token in every form of its fields', async (t) => {
  const { stub, set } = await replies(t);
  set(
    200,
    '{"code":0,"data":{"token":"nmv_usr_1","credits":"100","user_id":"anon_7","expires_at":"2026-11-24T10:00:00Z"}}',
  );
  const expected = { token: 'nmv_usr_1', credits: 100, userId: 'anon_7', expiresAtMs: Date.UTC(2026, 10, 24, 10) };
  assert.deepEqual(await anonymousToken(stub.up, { clientId: 'c' }), expected);
  set(200, '{"token":"nmv_usr_1","expires_at":1795514400}');
  assert.deepEqual(await anonymousToken(stub.up, { clientId: 'c' }), { ...expected, credits: null, userId: null });
  set(200, '{"code":0,"data":{"token":"nmv_usr_1","credits":[],"expires_at":"next week"}}');
  assert.deepEqual(await anonymousToken(stub.up, { clientId: 'c' }), {
    token: 'nmv_usr_1',
    credits: null,
    userId: null,
    expiresAtMs: null,
  });
});

test('keeps every digit of a session id that comes as a bare number', async (t) => {
  const { stub, set } = await replies(t);
  set(200, '{"code":0,"data":{"task_id":9007199254740993,"session_id":5529798706024415233,"user_id":12}}');
  assert.deepEqual(await createSession(stub.up, token, { taskName: 'p', language: 'en' }), {
    sessionId: '5529798706024415233',
    taskId: '9007199254740993',
    userId: '12',
  });
});

test('makes a claim link for the browser', async (t) => {
  const { stub, set } = await replies(t);
  set(200, '{"code":0,"data":{"claim_token":"clm_a/b","expires_in":604800}}');
  assert.deepEqual(await claimToken(stub.up, token, { taskId: 't', sessionId: sid }), {
    claimToken: 'clm_a/b',
    openUrl: 'https://web.example/workspace/claim?ct=clm_a%2Fb',
    expiresInMs: 604_800_000,
  });
});

test('reads a balance with numbers as text and parts missing', async (t) => {
  const { stub, set } = await replies(t);
  set(200, '{"code":0,"data":{"available":25000,"frozen":40,"total":25040}}');
  assert.deepEqual(await readBalance(stub.up, token), { available: 25000, frozen: 40, total: 25040 });
  set(200, '{"success":true,"data":{"available":"12.5","frozen":"2"}}');
  assert.deepEqual(await readBalance(stub.up, token), { available: 12.5, frozen: 2, total: 14.5 });
});

test('reads both forms of an upload reply, with lengths in seconds', async (t) => {
  const { stub, set } = await replies(t);
  const upload = (): ReturnType<typeof uploadByUrl> =>
    uploadByUrl(stub.up, token, { sessionId: sid, url: 'https://a.example/b.mp4' });
  set(
    200,
    '{"code":0,"data":{"files":[{"filename":"b.mp4","file_type":"video","cdn_url":"https://c/b","duration":"30.5","width":1920,"height":"1080"},7],"session_state_applied":false}}',
  );
  const clip = { name: 'b.mp4', url: 'https://c/b', durationMs: 30_500, width: 1920, height: 1080 };
  const none = { name: null, url: null, durationMs: null, width: null, height: null };
  assert.deepEqual(await upload(), { media: [clip, { ...none, url: '7' }], applied: false });
  set(200, '{"data":{"uploaded_files":[{"url":"https://c/b"}]}}');
  assert.deepEqual(await upload(), { media: [{ ...none, url: 'https://c/b' }], applied: true });
  set(200, '{"code":0,"data":{}}');
  assert.deepEqual(await upload(), { media: [], applied: true });
});

test('sends the draft of a render byte for byte', async (t) => {
  const { stub, set } = await replies(t);
  set(200, '{"success":true,"data":{"id":"x","status":"pending","progress":0}}');
  const draftText = '{ "t":[], "big":12345678901234567890.10, "e":1E+2,\n"\\u00e9":"\\/" }';
  assert.partialDeepStrictEqual(await submitRender(stub.up, token, { ...render, draftText }), { status: 'pending' });
  assert.equal(
    stub.received[0]!.body.toString(),
    `{"id":"${render.id}","sessionId":"${sid}","draft":${draftText},"output":{"format":"mp4","quality":"high"}}`,
  );
  set(200, '{"code":0}');
  assert.partialDeepStrictEqual(await submitRender(stub.up, token, render), { status: 'pending', url: null });
});

test('a render id that exists is a fault of its own, in every form, or the existing job', async (t) => {
  const { stub, set } = await replies(t);
  const forms: [number, string][] = [
    [409, ''],
    [409, '{"detail":"x"}'],
    [200, '{"code":409,"message":"x"}'],
    [200, '{"success":false,"error":"Duplicate id"}'],
    [400, '{"detail":"render id already exists"}'],
    [500, '{"error":"duplicate key value violates unique constraint"}'],
    [200, '{"success":false,"error":"任务已存在"}'],
  ];
  for (const [status, body] of forms) {
    set(status, body);
    assert.equal((await faultOf(submitRender(stub.up, token, render))).code, 'duplicate_render', body);
  }
  set(429, '{"message":"already exists"}');
  assert.equal((await faultOf(submitRender(stub.up, token, render))).code, 'rate_limited');
  set(400, '{"message":"draft is not valid"}');
  assert.equal((await faultOf(submitRender(stub.up, token, render))).code, 'rejected');
  set(200, '{"taskId":"x","status":"completed","progress":100,"output":{"url":"https://c/o.mp4"}}');
  assert.partialDeepStrictEqual(await submitRender(stub.up, token, render), {
    status: 'completed',
    url: 'https://c/o.mp4',
  });
});

test('reads a render in both shapes, mixed, and with what may be missing', async (t) => {
  const { stub, set } = await replies(t);
  const none = { status: 'processing', progress: null, url: null, durationMs: null, bytes: null, detail: null };
  const cases: [string, object][] = [
    [
      '{"taskId":"x","status":"completed","progress":100,"output":{"url":"https://c/o.mp4","duration":30.5,"size":15728640}}',
      { status: 'completed', progress: 100, url: 'https://c/o.mp4', durationMs: 30_500, bytes: 15_728_640 },
    ],
    [
      '{"success":true,"data":{"id":"x","status":"completed","progress":"100","outputUrl":"https://c/o.mp4","createdAt":1773423613616}}',
      { status: 'completed', progress: 100, url: 'https://c/o.mp4' },
    ],
    [
      '{"success":true,"data":{"taskId":"x","status":"completed","output":{"url":"https://c/o.mp4","duration":"2"}}}',
      { status: 'completed', url: 'https://c/o.mp4', durationMs: 2000 },
    ],
    ['{"id":"x","status":"COMPLETED","outputUrl":"https://c/o.mp4"}', { status: 'completed', url: 'https://c/o.mp4' }],
    ['{"status":"completed"}', { status: 'completed' }],
    ['{"status":"completed","output":{"url":null}}', { status: 'completed' }],
    ['{"status":"completed","output":{"url":"file:///etc/passwd"}}', { status: 'completed' }],
    ['{"code":0,"data":{"status":"queued_somewhere","progress":130}}', { progress: 100 }],
    ['{"status":"pending","progress":-1}', { status: 'pending', progress: 0 }],
    ['{"taskId":"x","status":7}', {}],
    ['{"taskId":"x","status":"failed","error":"no GPU"}', { status: 'failed', detail: 'no GPU' }],
    [
      '{"success":true,"data":{"status":"failed","error":{"message":"no GPU"}}}',
      { status: 'failed', detail: 'no GPU' },
    ],
    [
      '{"taskId":"x","status":"failed","error":{"code":500,"message":"no GPU"}}',
      { status: 'failed', detail: 'no GPU' },
    ],
    [`{"status":"failed","error":"bad ${token}"}`, { status: 'failed', detail: 'bad [token]' }],
    ['{"success":false,"error":"no GPU","data":{"status":"failed"}}', { status: 'failed', detail: 'no GPU' }],
  ];
  for (const [body, expected] of cases) {
    set(200, body);
    assert.deepEqual(await readRender(stub.up, token, render.id), { ...none, ...expected }, body);
  }
});
