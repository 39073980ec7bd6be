import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { dropTemporaryIssue } from '../../../src/shared/upstream/drop-temporary-issue.ts';
import { readTurnEvent } from '../../../src/shared/upstream/turn-event.ts';
import { createTurnReply } from '../../../src/shared/upstream/turn-reply.ts';
import { createTurnStream } from '../../../src/shared/upstream/turn-stream.ts';

const read = (value: unknown, name?: string): unknown =>
  readTurnEvent(name, typeof value === 'string' ? value : JSON.stringify(value));

test('reads the odd forms of events', () => {
  const cases: [unknown, unknown][] = [
    [{ delta: { text: 'a' } }, [{ type: 'partial', text: 'a' }]],
    [{ delta: { content: 'a' } }, [{ type: 'partial', text: 'a' }]],
    [{ text: 'a', partial: true }, [{ type: 'partial', text: 'a' }]],
    [{ content: 'a' }, [{ type: 'piece', text: 'a' }]],
    [{ type: 'text', content: '' }, [{ type: 'other' }]],
    [{ type: 'text', content: 5 }, [{ type: 'other' }]],
    [{ type: 'thought', content: 'hm' }, [{ type: 'other' }]],
    [{ text: 'hm', thought: true }, [{ type: 'other' }]],
    [{ type: 'text', content: 'mine', author: 'user' }, [{ type: 'other' }]],
    [{ type: 'tool_call', content: { name: 'x' } }, [{ type: 'tool', name: 'x', id: null, partial: false }]],
    [{ type: 'tool_call' }, [{ type: 'other' }]],
    [{ tool: 'bgm', phase: 'call' }, [{ type: 'tool', name: 'bgm', id: null, partial: false }]],
    [{ tool: 'bgm', phase: 'result' }, [{ type: 'other' }]],
    [{ type: 'ping' }, [{ type: 'heartbeat' }]],
    [
      { content: { parts: [{ function_call: { id: 7, name: 'x' } }] }, partial: true },
      [{ type: 'tool', name: 'x', id: '7', partial: true }],
    ],
    [{ content: { role: 'user', parts: [{ text: 'mine' }] } }, [{ type: 'other' }]],
    [{ content: { parts: 'x' } }, [{ type: 'other' }]],
    [{ content: { parts: [null, 5, { text: 'a' }, { text: 7 }, { text: 'b' }] } }, [{ type: 'whole', text: 'ab' }]],
    [
      { content: { parts: [{ text: 'a' }] }, error: 'x', errorCode: 0 },
      [
        { type: 'error', code: null, detail: 'x' },
        { type: 'whole', text: 'a' },
      ],
    ],
    [{ text: 'a', error: null, errorCode: null, error_code: '0', code: 200 }, [{ type: 'loose', text: 'a' }]],
    [{ success: false, message: 'no' }, [{ type: 'error', code: null, detail: 'no' }]],
  ];
  for (const [value, signals] of cases) assert.deepEqual(read(value), signals, JSON.stringify(value));
  assert.deepEqual(read('plain words', 'error'), [{ type: 'error', code: null, detail: 'plain words' }]);
  assert.deepEqual(read({ code: 429 }, 'error'), [{ type: 'error', code: 429, detail: '{"code":429}' }]);
  assert.equal((read(`{"error":${'['.repeat(5000)}${']'.repeat(5000)}}`) as unknown[]).length, 1);
});

test('counts a tool once, by id or by its aggregated repeat', () => {
  const reply = createTurnReply();
  const add = (name: string, id: string | null, partial: boolean): boolean =>
    reply.addTool({ type: 'tool', name, id, partial });
  assert.deepEqual([add('a', '1', true), add('a', '1', false), add('a', '2', false)], [true, false, true]);
  assert.deepEqual([add('b', null, true), add('b', null, false), add('b', null, false)], [true, false, true]);
  assert.deepEqual(reply.tools(), ['a', 'a', 'b', 'b']);
  for (let index = 0; index < 2000; index += 1) add('c', null, false);
  assert.equal(reply.tools().length, 1000);
});

test('keeps partial text that no aggregated event repeats', () => {
  const reply = createTurnReply();
  reply.add({ type: 'partial', text: 'One' });
  assert.equal(reply.add({ type: 'whole', text: 'Two' }), 'Two');
  assert.equal(reply.text(), 'OneTwo');
  reply.add({ type: 'partial', text: ' three' });
  assert.equal(reply.add({ type: 'whole', text: 'OneTwo' }), 'OneTwo', 'a repeat does not swallow what is new');
  assert.match(reply.text(), /three/);
});

test('shows each text once however it is cut into partial events', () => {
  const word = fc.constantFrom('The logo ', '已添加', ' is on', 'a', 'aa', '.', ' \n', '🎬');
  const text = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), fc.boolean(), (whole, places, repeats) => {
      const reply = createTurnReply();
      let shown = '';
      const cuts = [...places.filter((place) => place < whole.length).sort((a, b) => a - b), whole.length];
      cuts.reduce((from, cut) => {
        if (cut > from) shown += reply.add({ type: 'partial', text: whole.slice(from, cut) });
        return Math.max(from, cut);
      }, 0);
      shown += reply.add({ type: 'whole', text: whole });
      if (repeats) shown += reply.add({ type: 'whole', text: whole });
      assert.equal(reply.text(), whole);
      assert.equal(shown, whole);
    }),
  );
});

test('never throws, whatever the bytes', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.json({ maxDepth: 2 }).map((text) => `data: ${text}`),
    fc.constantFrom('data:', 'event: error', 'event: heartbeat', ':', '', 'data: {"content":{"parts":[{"text":"x"}]}}'),
  );
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      fc.constantFrom('\n', '\r\n', '\r', '\n\n'),
      fc.nat(50),
      (lines, end, size) => {
        const stream = createTurnStream(() => undefined, 'secret');
        const bytes = Buffer.from(lines.join(end));
        for (let from = 0; from < bytes.length; from += size + 1) stream.feed(bytes.subarray(from, from + size + 1));
        stream.finish();
        assert.equal(typeof stream.outcome().reply, 'string');
      },
    ),
    { numRuns: 60 },
  );
});

test('drops the excuse and its advice, and nothing that says more', () => {
  const cases: [string, string][] = [
    ['I’ve encountered a temporary issue. Please try again later. Sorry!', ''],
    ["Done. I've encountered a temporary issue with my tools. Let me know.", 'Done.'],
    ['Done. i ENCOUNTERED a temporary issue', 'Done.'],
    ['I encountered a temporary issue. Then all went well.', 'I encountered a temporary issue. Then all went well.'],
    [' plain ', 'plain'],
  ];
  for (const [text, kept] of cases) assert.equal(dropTemporaryIssue(text), kept);
});
