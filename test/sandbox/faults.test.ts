/** Faults over real HTTP: each does to a caller what it says. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FAULTS } from '../../src/sandbox/fault-table.ts';
import type { SandboxOptions } from '../../src/sandbox/settings.ts';
import { openCaller, until } from './sandbox-client.ts';

/** A session with one video, ready for a turn. */
async function openReady(t: TestContext, options: SandboxOptions = {}) {
  const caller = await openCaller(t, { credits: 10_000, ...options });
  const sid = await caller.session();
  await caller.upload(sid, { 'a.mp4': '0123456789' });
  const draft = async () => (await caller.state(sid)).state.draft;
  return { ...caller, sid, draft };
}

test('cuts streams with the edit applied before, later, or never', async (t) => {
  const { fault, say, sid, draft, sandbox } = await openReady(t);
  await fault('sse-cut-never-applied');
  await assert.rejects(say(sid, 'mute'));
  await fault('sse-cut-applied-later', { params: { afterMs: 100 } });
  await assert.rejects(say(sid, '2x speed'));
  await until(draft);
  const [, late] = sandbox.ledger().sessions[0]?.turns ?? [];
  assert.ok((late?.appliedAt ?? 0) - (late?.receivedAt ?? 0) >= 99, 'applied only after the cut');
  await fault('sse-cut-applied-before');
  await until(async () => ((await say(sid, 'trim the first 1 second').catch(() => null)) === null ? true : null));
  await until(async () => ((await draft()).d === 14_000 ? true : null));
  assert.deepEqual(
    sandbox.ledger().sessions[0]?.turns.map((turn) => turn.outcome),
    ['not-applied', 'applied', 'applied'],
  );
});

test('edits in silence, claims what it did not do, and asks questions', async (t) => {
  const { fault, say, sid, draft } = await openReady(t, { dialect: 'A' });
  await fault('silent-no-op');
  assert.doesNotMatch((await say(sid, 'mute')).text, /"type":"text"/u);
  await fault('claimed-no-op');
  assert.match((await say(sid, 'mute')).text, /Done/u);
  await fault('question-reply', { params: { text: 'Which one?' } });
  assert.match((await say(sid, 'mute')).text, /Which one\?/u);
  await fault('temporary-issue-alone');
  assert.match((await say(sid, 'mute')).text, /temporary issue/u);
  await fault('stream-error', { params: { code: 503 } });
  assert.match((await say(sid, 'mute')).text, /"error":.*503/u);
  assert.equal(await draft(), null);
  await fault('silent-edit');
  assert.doesNotMatch((await say(sid, 'mute')).text, /"type":"text"/u);
  assert.ok((await draft()) !== null);
  await fault('temporary-issue-trailing');
  await fault('malformed-line');
  await fault('unknown-types');
  const odd = (await say(sid, 'mute')).text;
  assert.ok(odd.includes('unfinis\n') && odd.includes('progress_ring') && /Done.*\n\n.*temporary issue/u.test(odd));
  await fault('gui-text');
  assert.match((await say(sid, 'mute')).text, /Export button/u);
});

test('sends heartbeats alone, in every form, for as long as it was told', async (t) => {
  const { fault, say, sid, draft } = await openReady(t);
  await fault('heartbeats-only', { params: { everyMs: 2, forMs: 500 } });
  const { text } = await say(sid, 'mute');
  for (const form of ['data: heartbeat\n', '{"type":"heartbeat"}', 'event: heartbeat', 'data:\n\n', ': heartbeat']) {
    assert.ok(text.includes(form), form);
  }
  assert.equal(await draft(), null);
});

test('shows titles and music in the state some time after the stream has closed', async (t) => {
  const { fault, say, sid, draft, upload, state } = await openReady(t);
  await upload(sid, { 'song.mp3': 'x' });
  await fault('two-stage-state', { params: { delayMs: 2000 } });
  const { text } = await say(sid, 'trim the first 5 seconds and add background music');
  assert.doesNotMatch(text, /edit_multitrack/u);
  assert.deepEqual([(await draft()).d, (await draft()).t.length], [25_000, 1]);
  await until(async () => ((await draft()).t.length === 2 ? true : null));
  assert.equal((await state(sid)).state.generated_media.length, 1);
});

test('refuses with business codes in the place that was asked for', async (t) => {
  const { fault, say, sid, upload, call } = await openReady(t);
  const expected = [
    ['token-invalid', 'body', 200, 1001],
    ['token-invalid', 'status', 401, undefined],
    ['session-missing', 'status', 404, undefined],
    ['out-of-credits', 'status', 402, 2001],
    ['forbidden', 'both', 403, 403],
    ['rate-limited', 'body', 200, 429],
  ] as const;
  for (const [name, as, status, code] of expected) {
    await fault(name, { match: { endpoint: 'run_sse' }, params: { as } });
    const answer = await say(sid, 'mute');
    assert.deepEqual([answer.status, answer.json.code], [status, code], name);
  }
  await fault('rate-limited', { params: { retryAfterS: 7 } });
  assert.equal((await call('GET', '/api/credits/balance/simple')).headers.get('retry-after'), '7');
  await fault('bare-413');
  const bare = await upload(sid, { 'b.mp4': 'x' });
  assert.deepEqual([bare.status, bare.headers.get('content-type')], [413, 'text/html']);
  await fault('token-expires', { skip: 1 });
  assert.equal((await call('GET', '/api/credits/balance/simple')).json.code, 0);
  assert.equal((await call('GET', '/api/credits/balance/simple')).json.code, 1001);
  assert.equal((await say(sid, 'mute')).json.code, 1001);
});

test('limits the rate for a while from the first hit on', async (t) => {
  const { fault, call } = await openReady(t);
  await fault('rate-limited', { forMs: 600, match: { endpoint: 'credits' } });
  const status = async () => (await call('GET', '/api/credits/balance/simple')).status;
  assert.deepEqual([await status(), await status()], [429, 429]);
  await until(async () => ((await status()) === 200 ? true : null));
});

test('loses a session in mid-edit', async (t) => {
  const { fault, say, sid, state } = await openReady(t);
  await fault('session-vanishes');
  await assert.rejects(say(sid, 'mute'));
  assert.equal((await state(sid)).answer.json.code, 1002);
});

test('spoils uploads: missing, reordered, not applied, cut, lost reply', async (t) => {
  const { fault, session, upload, state } = await openReady(t);
  const names = (answer: { json: { data: { files: { filename: string }[] } } }) =>
    answer.json.data.files.map((file) => file.filename);
  const infos = async (sid: string) => (await state(sid)).state.video_infos.length;
  const sid = await session();
  const files = { '1.mp4': 'a', '2.mp4': 'b', '3.mp4': 'c' };
  await fault('upload-reordered');
  assert.deepEqual(names(await upload(sid, files)), ['3.mp4', '2.mp4', '1.mp4']);
  await fault('upload-file-missing', { match: { file: '3.mp4' } });
  assert.deepEqual(names(await upload(sid, files)), ['1.mp4', '2.mp4']);
  assert.equal(await infos(sid), 5);
  await fault('upload-not-applied');
  assert.equal((await upload(sid, { '4.mp4': 'd' })).json.data.session_state_applied, false);
  await fault('upload-cut');
  await assert.rejects(upload(sid, { '5.mp4': new Uint8Array(2_000_000) }));
  assert.equal(await infos(sid), 5);
  await fault('reply-lost', { match: { endpoint: 'upload' } });
  await assert.rejects(upload(sid, { '6.mp4': 'e' }));
  assert.equal(await infos(sid), 6);
  await fault('upload-other-shape');
  assert.match((await upload(sid, { '7.mp4': 'f' })).json.data.uploaded_files[0].url, /^http/u);
});

test('spoils states: no draft, null, empty, no tracks, no segments, a text for a number', async (t) => {
  const { fault, say, sid, draft } = await openReady(t);
  await say(sid, 'mute');
  const shown: Record<string, unknown> = {};
  for (const name of [
    'draft-missing',
    'draft-null',
    'draft-empty',
    'tracks-empty',
    'segments-empty',
    'duration-string',
  ]) {
    await fault(name);
    const seen = await draft();
    shown[name] =
      name === 'segments-empty'
        ? seen.t[0].sg
        : name === 'tracks-empty'
          ? seen.t
          : name === 'duration-string'
            ? seen.d
            : seen;
  }
  assert.deepEqual(shown, {
    'draft-missing': undefined,
    'draft-null': null,
    'draft-empty': {},
    'tracks-empty': [],
    'segments-empty': [],
    'duration-string': '30000',
  });
});

test('spoils renders: failed once, stuck, odd polls, dead and cut links, duplicates, lost replies', async (t) => {
  const { fault, say, sid, state, render, finished, call, sandbox } = await openReady(t);
  await say(sid, 'mute');
  const { draftText } = await state(sid);
  await fault('render-failed');
  await render(sid, 'render_1', draftText);
  assert.equal((await finished('render_1')).status, 'failed');
  await fault('reply-lost', { match: { endpoint: 'render' } });
  await assert.rejects(render(sid, 'render_2', draftText));
  assert.equal((await finished('render_2')).status, 'completed');
  assert.equal((await render(sid, 'render_2', draftText)).status, 200);
  await fault('render-duplicate-error');
  assert.equal((await render(sid, 'render_2', draftText)).status, 409);
  const poll = async () => (await call('GET', '/api/render/proxy/lambda/render_2')).json;
  await fault('render-unknown-status');
  assert.equal((await poll()).status, 'warming_up');
  await fault('render-completed-without-url');
  assert.deepEqual([(await poll()).output, (await poll()).output?.size], [undefined, 10]);
  await fault('render-shape');
  assert.match((await poll()).data.outputUrl, /render_2/u);
  await fault('render-url-404');
  await render(sid, 'render_3', draftText);
  const dead = await finished('render_3');
  assert.equal((await fetch(dead.output.url)).status, 404);
  assert.equal((await call('GET', '/api/render/proxy/render_3/download')).text, '0123456789');
  await fault('render-truncated');
  await render(sid, 'render_4', draftText);
  const cut = await fetch((await finished('render_4')).output.url);
  assert.equal(cut.headers.get('content-length'), '10');
  await assert.rejects(cut.text());
  await fault('render-stuck');
  await render(sid, 'render_5', draftText);
  assert.notEqual((await call('GET', '/api/render/proxy/lambda/render_5')).json.status, 'completed');
  assert.equal(sandbox.ledger().renders.find((each) => each.id === 'render_2')?.duplicates, 2);
});

test('gives session ids as bare 19-digit numbers', async (t) => {
  const { fault, call } = await openReady(t);
  await fault('session-id-number');
  const { text } = await call('POST', '/api/tasks/me/with-session/nemo_agent', {
    task_name: 'project',
    language: 'en',
  });
  assert.match(text, /"session_id":5\d{18}[,}]/u);
});

test('answers as proxies do, and breaks connections', async (t) => {
  const { fault, call } = await openReady(t);
  const credits = () => call('GET', '/api/credits/balance/simple');
  await fault('bad-gateway');
  assert.deepEqual([(await credits()).status, (await credits()).status], [502, 200]);
  await fault('html-404');
  assert.match((await credits()).text, /^<html>/u);
  await fault('server-error');
  assert.deepEqual((await credits()).json, { detail: 'Internal Server Error' });
  await fault('connection-reset');
  await assert.rejects(credits());
});

test('draws the same scenario for the same seed', async (t) => {
  const hits = async (): Promise<unknown> => {
    const { admin, call } = await openCaller(t);
    await admin('POST', '/scenario', { seed: 7, rate: 0.5, names: ['rate-limited', 'bad-gateway'] });
    const statuses: number[] = [];
    for (let nth = 0; nth < 12; nth++) statuses.push((await call('GET', '/api/credits/balance/simple')).status);
    await admin('DELETE', '/faults');
    statuses.push((await call('GET', '/api/credits/balance/simple')).status);
    return statuses;
  };
  const first = await hits();
  assert.deepEqual(await hits(), first);
  assert.ok(Array.isArray(first) && first.includes(429) && first.includes(502) && first.at(-1) === 200);
});

test('says which faults there are, and refuses names and parameters it does not know', async (t) => {
  const { admin } = await openCaller(t);
  const { json } = await admin('GET', '/faults');
  assert.equal(json.known.length, Object.keys(FAULTS).length);
  assert.equal((await admin('POST', '/faults', { name: 'no-such-fault' })).status, 400);
  assert.equal((await admin('POST', '/faults', { name: 'upload-cut', params: { at: 7 } })).status, 400);
  assert.equal((await admin('POST', '/config', { dialect: 'Z' })).status, 400);
});
