import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonicalJson, fingerprint } from '../../../src/shared/upstream/fingerprint.ts';
import { parseJson } from '../../../src/shared/upstream/parse-json.ts';
import { rawJsonAt } from '../../../src/shared/upstream/raw-json.ts';
import { readState, toSessionState } from '../../../src/shared/upstream/read-state.ts';
import type { SessionState } from '../../../src/shared/upstream/types.ts';
import { UpstreamError } from '../../../src/shared/upstream/upstream-error.ts';
import { startRawStub, token } from './stub-upstream.ts';

function stateOf(text: string): SessionState | null {
  return toSessionState(text, parseJson(text));
}

const draftText = '{ "t" : [{"tt":0,"sg":[{"id":5529798706024415232,"d":1.50,"u":"\\u4e2d \\"}"}]}],\r\n"x":-0.0e+1 }';

test('gives the draft verbatim, over real HTTP', async (t) => {
  const body = `{"code":0,"data":{"session_id":5529798706024415232,"state":{"a":"}\\\\\\"{","draft":${draftText},"video_infos":[{"filename":"中.mp4"},{},"b.mp4",3],"generated_media":[1,{}]}}}`;
  const stub = await startRawStub((socket) =>
    socket.end(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  t.after(stub.close);
  const state = await readState(stub.up, token, '1');
  assert.equal(state.draftText, draftText);
  assert.deepEqual(state.videoNames, ['中.mp4', null, 'b.mp4', null]);
  assert.equal(state.generatedMediaCount, 2);
  assert.equal(state.renderable, true);
  assert.deepEqual((state.draft as { t: { sg: { id: unknown }[] }[] }).t[0]!.sg[0]!.id, '5529798706024415232');
});

test('finds the state under data.state, data and the top level', () => {
  const fields = `"draft":${draftText},"video_infos":[],"generated_media":[],"canvas_config":{"w":1}`;
  const states = [`{"code":0,"data":{"state":{${fields}}}}`, `{"code":0,"data":{${fields}}}`, `{${fields}}`].map(
    stateOf,
  );
  for (const state of states) assert.deepEqual(state, states[0]);
  assert.equal(states[0]?.draftText, draftText);
});

test('reads drafts that are missing, null, empty or something else', () => {
  const drafts: [string, string | null, boolean][] = [
    ['', null, false],
    ['"draft":null', null, false],
    ['"draft":{}', '{}', false],
    ['"draft":[]', null, false],
    ['"draft":"none"', null, false],
    ['"draft":"{oops"', null, false],
    ['"draft":7', null, false],
    ['"draft":{"t":null}', '{"t":null}', false],
    ['"draft":{"t":[]}', '{"t":[]}', false],
    ['"draft":{"t":[{"sg":[]},{}]}', '{"t":[{"sg":[]},{}]}', false],
    ['"draft":{"t":[{"sg":[]},{"sg":[{}]}]}', '{"t":[{"sg":[]},{"sg":[{}]}]}', true],
    ['"draft":"{\\"t\\":[{\\"sg\\":[1]}]}"', '"{\\"t\\":[{\\"sg\\":[1]}]}"', true],
    ['"draft":1,"draft":{}', '{}', false],
  ];
  for (const [fields, text, renderable] of drafts) {
    const state = stateOf(`{"data":{"state":{${fields}}}}`);
    assert.partialDeepStrictEqual(
      state,
      { draftText: text, renderable, videoNames: [], generatedMediaCount: 0 },
      fields,
    );
  }
  assert.equal(stateOf('{"code":0,"data":{"state":null}}')?.draftText, null);
});

test('what holds no state is no empty state', () => {
  for (const text of [
    '{}',
    '[]',
    '"x"',
    'null',
    '{"code":0,"data":{}}',
    '{"code":0,"data":{"state":7}}',
    '{"code":0,"data":[]}',
  ]) {
    assert.equal(stateOf(text), null, text);
  }
});

test('tolerates wrong types under the known keys', () => {
  assert.partialDeepStrictEqual(stateOf('{"draft":5,"video_infos":{"a":1},"generated_media":"3","canvas_config":[]}'), {
    draftText: null,
    draft: null,
    videoNames: [],
    generatedMediaCount: 0,
  });
});

const print = (state: string): string => stateOf(`{"data":{"state":${state}}}`)!.fingerprint;

test('the fingerprint sees edits and nothing else', () => {
  const base = print(
    '{"draft":{"a":1,"b":[{"u":"https://c/x.mp4?sig=1"}]},"canvas_config":{"w":9},"generated_media":[{}],"video_infos":[]}',
  );
  assert.match(base, /^[0-9a-f]{64}$/);
  const same = [
    '{"video_infos":[{"filename":"new"}],"generated_media":[{"url":"other"}],"canvas_config":{ "w" : 9 },"draft":{"b":[{"u":"https://c/x.mp4?sig=2#f"}],"a":1}}',
    // Durations come as numbers and as texts.
    '{"draft":{"a":"1","b":[{"u":"https://c/x.mp4"}]},"canvas_config":{"w":9},"generated_media":[{}]}',
  ];
  const other = [
    '{"draft":{"a":2,"b":[{"u":"https://c/x.mp4"}]},"canvas_config":{"w":9},"generated_media":[{}]}',
    '{"draft":{"a":1,"b":[{"u":"https://c/y.mp4"}]},"canvas_config":{"w":9},"generated_media":[{}]}',
    '{"draft":{"a":1,"b":[{"u":"https://c/x.mp4"}]},"canvas_config":{"w":8},"generated_media":[{}]}',
    '{"draft":{"a":1,"b":[{"u":"https://c/x.mp4"}]},"canvas_config":{"w":9},"generated_media":[{},{}]}',
    '{"draft":{"a":1,"b":[{"u":"https://c/x.mp4"}]},"generated_media":[{}]}',
    '{}',
  ];
  for (const state of same) assert.equal(print(state), base);
  for (const state of other) assert.notEqual(print(state), base, state);
  assert.equal(print('{}'), print('{"draft":null}'));
  assert.equal(print('{}'), print('{"draft":{ }}'));
  assert.notEqual(print('{"draft":{"id":5529798706024415232}}'), print('{"draft":{"id":5529798706024415233}}'));
  assert.notEqual(print('{"draft":{"q":"what? now"}}'), print('{"draft":{"q":"what"}}'), 'a question is no query');
  assert.equal(fingerprint(null, null, 0), print('{}'));
});

/** JSON values as text, with spaces and escapes that JSON.stringify would not write. */
const space = fc.constantFrom('', ' ', '\n', '\t', ' \r\n ');
const stringText = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u0064raft"', '"\\"}],{"', '"\\\\"', '"\\\\\\""', '"draft"', '"__proto__"', '""'),
);
const numberText = fc.constantFrom('0', '-0', '1.0', '1e3', '1E+3', '5529798706024415232', '0.10', '-12.50e-1');
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(stringText, numberText, fc.constantFrom('true', 'false', 'null')),
    fc
      .tuple(space, fc.array(fc.tuple(space, tie('json'), space), { maxLength: 4 }))
      .map(([gap, items]) => `[${gap}${items.map((item) => item.join('')).join(',')}]`),
    fc
      .array(fc.tuple(space, stringText, space, space, tie('json'), space), { maxLength: 4 })
      .map((items) => `{${items.map(([a, key, c, d, value, f]) => `${a}${key}${c}:${d}${value}${f}`).join(',')}}`),
  ),
}));

test('the scanner finds what JSON.parse finds, as text', () => {
  fc.assert(
    fc.property(json, json, space, (value, other, gap) => {
      const text = `${gap}{"x":${other},${gap}"data"${gap}:${gap}{"draft":${other},"y":${other},"dr\\u0061ft":${gap}${value}${gap}}${gap}}`;
      assert.equal(rawJsonAt(text, ['data', 'draft']), value.trim());
      const parsed = JSON.parse(other) as Record<string, unknown>;
      for (const key of parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)
        ? Object.keys(parsed)
        : []) {
        assert.deepEqual(JSON.parse(rawJsonAt(text, ['x', key])!), parsed[key]);
      }
      assert.equal(rawJsonAt(text, ['data', 'no such key']), null);
      assert.equal(rawJsonAt(text, ['x', 'nowhere', 'draft']), null);
    }),
  );
  assert.equal(rawJsonAt('[{"draft":1}]', ['draft']), null);
  assert.equal(rawJsonAt(' {"a":{}} ', []), '{"a":{}}');
});

test('the scanner does not run out of stack', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.equal(rawJsonAt(`{"draft":${deep}}`, ['draft']), deep);
});

test('canonical JSON is the same for any spacing, and valid', () => {
  fc.assert(
    fc.property(json, (text) => {
      const compact = canonicalJson(text);
      assert.equal(canonicalJson(` ${text}\n`), compact);
      JSON.parse(compact);
    }),
  );
  assert.equal(canonicalJson('{"b":1.0,"a":["x",null,true]}'), '{"a":["x",null,true],"b":"1.0"}');
});

test('parses whole numbers beyond 2^53 as text, other numbers as numbers', () => {
  assert.deepEqual(
    parseJson('{"a":9007199254740993,"b":[-5529798706024415232],"c":0.1234567890123456,"d":1e30,"e":42}'),
    { a: '9007199254740993', b: ['-5529798706024415232'], c: 0.1234567890123456, d: 1e30, e: 42 },
  );
});

test('a state nested deeper than the stack makes no sense, and ends nothing', async (t) => {
  const deep = `{"draft":{"t":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
  const stub = await startRawStub((socket) =>
    socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${deep.length}\r\n\r\n${deep}`),
  );
  t.after(stub.close);
  await assert.rejects(
    readState(stub.up, token, '1'),
    (error) => error instanceof UpstreamError && error.fault.code === 'server_error',
  );
});
