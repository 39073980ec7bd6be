/** Each dialect's bytes, and the ways in which they can be put on the wire. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEvent } from '../../src/sandbox/dialect.ts';
import { openCaller } from './sandbox-client.ts';

const envelope = { invocationId: 'e-1', eventId: 'ev-1', atMs: 1_700_000_000_500 };
const tail =
  '"author":"nemo_agent","invocationId":"e-1","id":"ev-1","timestamp":1700000000.5,"actions":{"stateDelta":{}}';

test('dialect A is flat, with a type', () => {
  assert.equal(encodeEvent({ type: 'text', text: 'Hi' }, 'A', envelope), 'data: {"type":"text","content":"Hi"}\n\n');
  assert.equal(
    encodeEvent({ type: 'tool-call', name: 'edit_multitrack', args: { n: 1 } }, 'A', envelope),
    'data: {"type":"tool_call","name":"edit_multitrack","args":{"n":1}}\n\n',
  );
  assert.equal(encodeEvent({ type: 'heartbeat' }, 'A', envelope), 'data: {"type":"heartbeat"}\n\n');
});

test('dialect B is an agent event with parts', () => {
  assert.equal(
    encodeEvent({ type: 'text', text: 'Hi', isPartial: true }, 'B', envelope),
    `data: {"content":{"role":"model","parts":[{"text":"Hi"}]},"partial":true,${tail}}\n\n`,
  );
  assert.equal(
    encodeEvent({ type: 'thought', text: 'hm' }, 'B', envelope),
    `data: {"content":{"role":"model","parts":[{"text":"hm","thought":true}]},${tail}}\n\n`,
  );
  assert.match(
    encodeEvent({ type: 'tool-result', name: 'edit_multitrack', result: {} }, 'B', envelope),
    /"parts":\[\{"functionResponse":\{"id":"call_e-1","name":"edit_multitrack","response":\{\}\}\}\]/u,
  );
  assert.match(
    encodeEvent({ type: 'error', code: 500, message: 'no' }, 'B', envelope),
    /"errorCode":"500","errorMessage":"no"/u,
  );
});

test('dialect C has text or delta at the top', () => {
  assert.equal(encodeEvent({ type: 'text', text: 'Hi' }, 'C', envelope), 'data: {"text":"Hi"}\n\n');
  assert.equal(encodeEvent({ type: 'text', text: 'H', isPartial: true }, 'C', envelope), 'data: {"delta":"H"}\n\n');
  assert.equal(encodeEvent({ type: 'heartbeat' }, 'C', envelope), 'data: heartbeat\n\n');
});

test('heartbeats come in each known form', () => {
  const form = (name: 'word' | 'json' | 'event' | 'empty' | 'comment') =>
    encodeEvent({ type: 'heartbeat', form: name }, 'B', envelope);
  assert.equal(form('word'), 'data: heartbeat\n\n');
  assert.equal(form('event'), 'event: heartbeat\ndata: {}\n\n');
  assert.equal(form('empty'), 'data:\n\n');
  assert.equal(form('comment'), ': heartbeat\n\n');
});

test('puts streams on the wire as CRLF, split in characters, without an end, and doubled', async (t) => {
  const caller = await openCaller(t, { dialect: 'A' });
  const sid = await caller.session('zh');
  await caller.upload(sid, { 'a.mp4': 'x' });
  await caller.fault('crlf');
  const crlf = await caller.say(sid, '静音');
  assert.ok(crlf.text.endsWith('\r\n\r\n') && !/[^\r]\n/u.test(crlf.text));
  for (const name of ['split-bytes', 'split-in-character']) {
    await caller.fault(name);
    assert.match((await caller.say(sid, '静音')).text, /已完成/u);
  }
  await caller.fault('no-final-blank-line');
  assert.ok((await caller.say(sid, '静音')).text.endsWith('"}'));
  await caller.admin('POST', '/config', { dialect: 'B' });
  await caller.fault('partial-aggregated');
  const doubled = (await caller.say(sid, 'mute')).text;
  assert.ok(doubled.includes('"partial":true') && doubled.includes('"text":"已完成。时间线现在长 30 秒。"'));
});
