import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBatchView, takeBatch, takeFile, takeProgress, type BatchView } from '../../src/cli/batch-view.ts';
import type { Change, Display } from '../../src/cli/display/display.ts';
import { cut, fit, oneLine, widthOf } from '../../src/cli/display/fit.ts';
import { openDisplay } from '../../src/cli/display/open-display.ts';
import { renderFrame } from '../../src/cli/display/render-frame.ts';
import { aBatch, aFile, failure } from './resources.ts';
import { createStream, screenOf } from './terminal.ts';
import type { FileResource } from '../../src/api/files.schema.ts';

const size = { columns: 80, rows: 24, hasColors: false };
const bar = (filled: number, columns = 24): string => '█'.repeat(filled) + '░'.repeat(columns - filled);

function viewOf(files: readonly FileResource[], batch = aBatch({}, { total: files.length })): BatchView {
  const view = createBatchView();
  takeBatch(view, batch);
  for (const file of files) takeFile(view, file);
  return view;
}

test('draws a bar for the batch and one for each file', () => {
  const steps = [
    { step: 'edit' as const, instruction: 'mute', attempts: 1, started_at: aBatch().created_at, finished_at: null },
  ];
  const frame = renderFrame(
    viewOf([
      aFile(0, { status: 'completed', progress: 100 }),
      aFile(1, { status: 'editing', progress: 50, instructions: ['trim', 'mute'], steps }),
      aFile(2, { status: 'failed', progress: 10, error: failure('The edit was not applied.') }),
      aFile(3, { waiting_for: { reason: 'slot', until: null, position: 7, detail: null } }),
    ]),
    size,
  );
  assert.deepEqual(frame, [
    'spring: working · 0 of 4 done',
    `${bar(38, 60)}  62%`,
    '',
    `clip-0.mp4 ${bar(24)} 100%  done`,
    `clip-1.mp4 ${bar(12)}  50%  editing (2 of 2): mute`,
    `clip-2.mp4 ${bar(24)} 100%  failed: The edit was not applied.`,
    `clip-3.mp4 ${bar(0)}   0%  in line, about 7 before it`,
  ]);
});

test('shows what moves and a summary when there are more files than rows', () => {
  const files = Array.from({ length: 1000 }, (_, index) =>
    aFile(index, index < 500 ? { status: 'completed' } : index < 503 ? { status: 'rendering', progress: 80 } : {}),
  );
  const frame = renderFrame(viewOf(files), { ...size, rows: 10 });
  assert.ok(frame.length < 10);
  assert.deepEqual(
    frame.slice(3, 6).map((line) => line.slice(0, 12)),
    ['clip-500.mp4', 'clip-501.mp4', 'clip-502.mp4'],
  );
  assert.equal(frame[6], '… and 997 more files: 497 waiting, 500 done');
});

test('keeps every line within the terminal, wide characters included', () => {
  const name = '旅行の動画'.repeat(10);
  for (const columns of [20, 40, 80, 200]) {
    for (const line of renderFrame(viewOf([aFile(0, { name, status: 'editing' })]), { ...size, columns })) {
      assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
    }
  }
  assert.equal(cut('abcdef', 4), 'abc…');
  assert.equal(fit('动', 4), '动  ');
});

test('lets no name move the cursor or fake a line', () => {
  assert.equal(oneLine('a\u001B[2Jb\nc\u202Ed'), 'ab c d');
  const [, , , line = ''] = renderFrame(viewOf([aFile(0, { name: 'x\u001B[1Ay\n' })]), size);
  assert.ok(!line.includes('\u001B') && !line.includes('\n'));
});

function tell(display: Display, view: BatchView, file: FileResource): void {
  display.changed(view, { type: 'file', resource: file, ...takeFile(view, file) } satisfies Change);
}

test('redraws in place on a terminal and leaves what was said above', () => {
  const stream = createStream({ columns: 60, rows: 24 });
  const display = openDisplay(stream, false);
  const view = createBatchView();
  display.say('Ready');
  takeBatch(view, aBatch({}, { total: 1 }));
  tell(display, view, aFile(0, { status: 'uploading', progress: 5 }));
  display.say('Note: something');
  tell(display, view, aFile(0, { status: 'completed' }));
  takeBatch(view, aBatch({ status: 'completed' }, { total: 1, completed: 1 }));
  display.settle();
  display.say('1 of 1 file done.');
  display.settle();
  assert.equal(
    screenOf(stream.text()),
    [
      'Ready',
      'Note: something',
      'spring: done · 1 of 1 done',
      `${bar(52, 52)} 100%`,
      '',
      `clip-0.mp4 ${bar(20, 20)} 100%  done`,
      '1 of 1 file done.',
    ].join('\n'),
  );
});

test('writes one plain line a change of status into a pipe, and none for progress', () => {
  const stream = createStream();
  const display = openDisplay(stream, false);
  const view = createBatchView();
  display.say('Ready');
  tell(display, view, aFile(0, { status: 'editing' }));
  tell(display, view, aFile(0, { status: 'editing', progress: 40 }));
  const file = takeProgress(view, aFile(0).id, 45, null);
  assert.ok(file);
  display.changed(view, { type: 'progress', file });
  tell(display, view, aFile(0, { status: 'failed', error: failure('It was not applied.') }));
  display.settle();
  assert.equal(stream.text(), 'Ready\nclip-0.mp4: editing\nclip-0.mp4: failed: It was not applied.\n');
});

test('writes JSON lines alone when asked for JSON, on a terminal too', () => {
  const stream = createStream({ columns: 80, rows: 24 });
  const display = openDisplay(stream, true);
  const view = createBatchView();
  display.say('Ready');
  tell(display, view, aFile(0, { status: 'completed' }));
  display.saved(view.files.get(aFile(0).id)!, 'output/clip-0.mp4');
  display.settle();
  const records = stream
    .text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(records, [
    { type: 'file', file: aFile(0, { status: 'completed' }) },
    { type: 'saved', file_id: aFile(0).id, name: 'clip-0.mp4', path: 'output/clip-0.mp4' },
  ]);
});

test('never lets late progress move a file that has ended', () => {
  const view = viewOf([aFile(0, { status: 'completed' })]);
  assert.equal(takeProgress(view, aFile(0).id, 60, 'editing'), null);
  assert.equal(takeProgress(view, 'fil_unknown', 60, null), null);
});
