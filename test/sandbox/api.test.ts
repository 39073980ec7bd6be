/** The API as a caller meets it: tokens, sessions, credits, uploads, turns, lanes, exports, ledger. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ATTRIBUTION, openCaller, until } from './sandbox-client.ts';

test('gives an anonymous token for a client id only, and with the quota on one a week', async (t) => {
  const { call, admin } = await openCaller(t);
  const path = '/api/auth/anonymous-token';
  assert.equal((await call('POST', path)).status, 400);
  const first = await call('POST', path, undefined, { 'x-client-id': 'c-2' });
  assert.equal(first.json.data.credits, 100);
  await admin('POST', '/config', { weeklyQuota: true });
  assert.equal((await call('POST', path, undefined, { 'x-client-id': 'c-2' })).status, 429);
  assert.equal((await call('POST', path, undefined, { 'x-client-id': 'c-3' })).status, 200);
});

test('charges a session once, at its first turn, and freezes the price while it runs', async (t) => {
  const { call, say, session, upload, admin, sandbox } = await openCaller(t, { timeScale: 100 });
  const sid = await session();
  await upload(sid, { 'a.mp4': 'x' });
  const balance = async () => (await call('GET', '/api/credits/balance/simple')).json.data;
  const turn = say(sid, 'mute');
  const busy = await until(async () => ((await balance()).frozen > 0 ? balance() : null));
  assert.deepEqual(busy, { available: 50, frozen: 50, total: 100 });
  await turn;
  await say(sid, '2x speed');
  await until(async () => ((await balance()).frozen === 0 ? true : null));
  assert.deepEqual(await balance(), { available: 50, frozen: 0, total: 50 });
  await admin('POST', '/credits', { all: true, available: 10 });
  const poor = await session();
  assert.equal((await say(poor, 'mute')).json.code, 2001);
  assert.equal(sandbox.ledger().charged, 50);
});

test('answers a dead token as 1001, a lost session as 1002, in the body or as a status', async (t) => {
  const { admin, call, session, say, state } = await openCaller(t);
  const sid = await session();
  await admin('POST', `/sessions/${sid}/forget`);
  assert.deepEqual([(await say(sid, 'mute')).status, (await say(sid, 'mute')).json.code], [200, 1002]);
  await admin('POST', '/config', { codeIn: 'status' });
  assert.deepEqual([(await state(sid)).answer.status, (await state(sid)).answer.json.code], [404, undefined]);
  await admin('POST', '/tokens/expire', {});
  assert.equal((await call('GET', '/api/credits/balance/simple')).status, 401);
  await admin('POST', '/config', { codeIn: 'body' });
  assert.equal((await call('GET', '/api/credits/balance/simple')).json.code, 1001);
});

test('takes one turn at a time, and finishes it when its reader is gone', async (t) => {
  const { sandbox, call, say, session, state, upload } = await openCaller(t, { timeScale: 100 });
  const sid = await session();
  await upload(sid, { 'a.mp4': 'x' });
  const leaving = new AbortController();
  const body = { app_name: 'nemo_agent', user_id: 'me', session_id: sid, new_message: { parts: [{ text: 'mute' }] } };
  const headers = { ...ATTRIBUTION, 'content-type': 'application/json', authorization: '' };
  headers.authorization = `Bearer ${sandbox.ledger().tokens[0]?.token}`;
  const response = await fetch(`${sandbox.url}/run_sse`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  assert.equal(response.status, 200);
  assert.equal((await say(sid, '2x speed')).status, 409);
  leaving.abort();
  await until(async () => ((await state(sid)).state.draft === null ? null : true));
  const [entry] = sandbox.ledger().sessions;
  assert.equal(entry?.turns.length, 1);
  assert.ok(entry?.turns[0]?.appliedAt !== null);
  assert.equal((await call('GET', '/healthz')).status, 200);
});

test('puts uploads into the media list alone; the first edit puts the last one on the timeline', async (t) => {
  const { say, session, state, upload } = await openCaller(t);
  const sid = await session();
  await upload(sid, { 'a.mp4': 'x', 'logo.png': 'y' });
  assert.equal((await state(sid)).state.draft, null);
  assert.match((await say(sid, 'add background music')).text, /upload it first/u);
  assert.equal((await state(sid)).state.draft, null);
  await upload(sid, { '视频 二.mov': 'z' });
  await say(sid, 'add the logo');
  const { state: after } = await state(sid);
  assert.deepEqual(
    after.video_infos.map((info: { filename: string }) => info.filename),
    ['a.mp4', 'logo.png', '视频 二.mov'],
  );
  assert.deepEqual(
    after.draft.t.map((track: { sg: { m: { name: string } }[] }) => track.sg[0]?.m.name),
    ['视频 二.mov', 'logo.png'],
  );
});

test('works on one file after the other in a lane, and refuses a name that is not on the timeline', async (t) => {
  const { say, session, state, upload } = await openCaller(t);
  const sid = await session();
  await upload(sid, { 'a.mp4': 'x' });
  await upload(sid, { 'b.mp4': 'y' });
  const lead = (name: string): string => `Work on ${name} alone, in place of what is on the timeline: `;
  const names = async () => (await state(sid)).state.draft.t[0].sg.map((each: { m: { name: string } }) => each.m.name);
  await say(sid, `${lead('a.mp4')}trim the first 3 seconds`);
  assert.deepEqual(await names(), ['a.mp4']);
  await say(sid, 'a.mp4: mute');
  assert.match((await say(sid, 'b.mp4: mute')).text, /not on the timeline/u);
  await say(sid, `${lead('b.mp4')}mute`);
  assert.deepEqual(await names(), ['b.mp4']);
  assert.equal((await state(sid)).state.draft.d, 30_000);
  assert.match((await say(sid, `${lead('c.mp4')}mute`)).text, /cannot find/u);
});

test('blocks export with 402 when any earlier call of the session had no attribution headers', async (t) => {
  const { call, render, say, session, state, upload, finished } = await openCaller(t);
  const [good, bad] = [await session(), await session()];
  for (const sid of [good, bad]) {
    await upload(sid, { 'a.mp4': 'x' });
    await say(sid, 'mute');
  }
  await call('GET', `/api/state/nemo_agent/me/${bad}/latest`, undefined, { 'x-skill-platform': '' });
  await render(good, 'render_1', (await state(good)).draftText);
  assert.equal((await finished('render_1')).status, 'completed');
  const answer = await render(bad, 'render_2', (await state(bad)).draftText);
  assert.deepEqual([answer.status, answer.json.code], [402, 402]);
});

test('serves outputs whole, in ranges, and by download with the token', async (t) => {
  const { call, render, say, session, state, upload, finished } = await openCaller(t, { renderShape: 'mixed' });
  const sid = await session();
  await upload(sid, { 'a.mp4': '0123456789' });
  await say(sid, 'mute');
  await render(sid, 'render_1', (await state(sid)).draftText);
  const view = await finished('render_1');
  const url: string = view.outputUrl ?? view.output.url;
  assert.equal(await (await fetch(url)).text(), '0123456789');
  const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
  assert.deepEqual([part.status, part.headers.get('content-range'), await part.text()], [206, 'bytes 2-4/10', '234']);
  assert.equal((await fetch(url, { headers: { range: 'bytes=-3' } })).headers.get('content-range'), 'bytes 7-9/10');
  assert.equal((await fetch(url, { headers: { range: 'bytes=20-' } })).status, 416);
  assert.equal((await call('GET', '/api/render/proxy/render_1/download')).text, '0123456789');
  assert.equal((await fetch(`${new URL(url).origin}/files/outputs/..%2f..%2fetc%2fpasswd`)).status, 404);
});

test('fetches uploads by URL itself, and refuses other types and sizes, draining what was sent', async (t) => {
  const server = createServer((request, response) =>
    response.writeHead(request.url === '/gone.mp4' ? 404 : 200).end('bytes'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { call, session, sandbox, upload } = await openCaller(t, { maxFileBytes: 3_000_000 });
  const sid = await session();
  const byUrl = (...urls: string[]) =>
    call('POST', `/api/upload-video/nemo_agent/me/${sid}`, { urls, source_type: 'url' });
  const taken = await byUrl(`${origin}/clip%20one.mp4?sig=1`);
  assert.equal(taken.json.data.files[0].filename, 'clip one.mp4');
  assert.deepEqual(
    sandbox.ledger().sessions[0]?.uploads.map(({ name, bytes, by }) => [name, bytes, by]),
    [['clip one.mp4', 5, 'url']],
  );
  assert.equal((await byUrl(`${origin}/gone.mp4`)).status, 400);
  assert.equal((await byUrl(`${origin}/notes.txt`)).json.code, 4001);
  const big = new Uint8Array(4_000_000);
  assert.equal((await upload(sid, { 'big.mp4': big })).json.code, 4002);
  assert.equal((await upload(sid, { 'notes.txt': big })).json.code, 4001);
  assert.equal((await upload(sid, { 'fits.mp4': big.subarray(0, 2_900_000) })).json.code, 0);
});

test('keeps a ledger of calls, turns and double sends, and resets it', async (t) => {
  const { admin, say, session, upload } = await openCaller(t);
  const sid = await session('zh');
  await upload(sid, { 'a.mp4': 'x' });
  for (const text of ['mute', 'mute', 'make it nice']) await say(sid, text);
  const { json } = await admin('GET', '/ledger');
  const [entry] = json.sessions;
  assert.deepEqual([entry.language, entry.charged, entry.calls.run_sse], ['zh', 50, 3]);
  assert.deepEqual(
    entry.turns.map((turn: { outcome: string }) => turn.outcome),
    ['applied', 'applied', 'question'],
  );
  assert.deepEqual(json.repeated_turns, [{ session: sid, text: 'mute', times: 2 }]);
  assert.equal(json.counts.run_sse.open, 0);
  assert.ok(
    json.calls.every((each: { tokenVersion: number | null }) => each.tokenVersion === 1 || each.tokenVersion === null),
  );
  const later = (await admin('GET', `/ledger?since=${Date.now() + 1000}`)).json;
  assert.deepEqual([later.calls, later.sessions], [[], []]);
  await admin('DELETE', '/ledger');
  assert.equal((await admin('GET', '/ledger/summary')).json.totals.turns, 0);
});

test('generates a clip for 100 credits more where that is switched on, and asks back where not', async (t) => {
  const { admin, finished, render, say, session, state, sandbox } = await openCaller(t, { credits: 1000, copy: false });
  const sid = await session();
  assert.match((await say(sid, 'generate a clip of the sea')).text, /cannot generate/u);
  await admin('POST', '/config', { generation: true });
  assert.match((await say(sid, 'generate a clip of the sea')).text, /generate_video_with_seedance/u);
  const { state: seen, draftText } = await state(sid);
  assert.deepEqual([seen.generated_media.length, seen.draft.d], [1, 5000]);
  assert.equal(sandbox.ledger().charged, 150);
  await render(sid, 'render_1', draftText);
  assert.equal((await finished('render_1')).status, 'completed');
});
