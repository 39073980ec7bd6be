/** Render and delivery (design §4 "render", upstream "render"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import {
  after,
  aFile,
  aRender,
  delivering,
  output,
  policy,
  rendering,
  stateOf,
  t0,
  withDestination,
} from './records.ts';

const now = t0 + 1000;
const goingOn = (file: FileRecord): FileEvent => ({ type: 'render-going-on', run: file.run, progress: 50 });
const submitted = (file: FileRecord): FileEvent => ({ type: 'render-submitted', run: file.run });
const failed = (file: FileRecord, detail = ''): FileEvent => ({ type: 'render-failed', run: file.run, detail });
const rendered = (file: FileRecord): FileEvent => ({ type: 'rendered', run: file.run, output });
const planned = (file: FileRecord, renderId = 'render_1'): FileEvent => ({
  type: 'render-planned',
  run: file.run,
  renderId,
});

test('stores the id of a render before it is asked for, within the run', () => {
  const next = after(rendering(), planned(rendering()));
  assert.deepEqual(stateOf(next, 'rendering').render, aRender({ submitted: false }));
  assert.deepEqual([next.run, next.steps.at(-1)?.renderId], [1, 'render_1']);
});

test('keeps the id that is stored', () => {
  const file = rendering({ render: aRender() });
  assert.equal(after(file, planned(file, 'render_2')), file);
});

test('polls a submitted render after the time between polls', () => {
  const file = rendering({ render: aRender({ submitted: false }) });
  const next = after(file, submitted(file), now);
  const state = stateOf(next, 'rendering');
  assert.deepEqual([state.due, state.render, next.run], [now + policy.renderPollMs, aRender(), 2]);
});

test('counts polls of a render that goes on', () => {
  const file = rendering({ render: aRender({ polls: 3 }) });
  assert.equal(stateOf(after(file, goingOn(file)), 'rendering').render?.polls, 4);
});

test('ends a render that goes on after its last poll', () => {
  const file = rendering({ render: aRender({ polls: 9 }) });
  const state = stateOf(after(file, goingOn(file)), 'failed');
  assert.deepEqual([state.error.code, state.error.step], ['render_timeout', 'render']);
});

test('counts a poll when a submitted render had to be submitted again', () => {
  const file = rendering({ render: aRender({ polls: 3 }) });
  assert.equal(stateOf(after(file, submitted(file)), 'rendering').render?.polls, 4);
  const last = rendering({ render: aRender({ polls: 9 }) });
  assert.equal(stateOf(after(last, submitted(last)), 'failed').error.code, 'render_timeout');
});

test('tries a failed render once more under a new id', () => {
  const file = rendering({ render: aRender() });
  const next = after(file, failed(file));
  assert.deepEqual([stateOf(next, 'rendering').render, stateOf(next, 'rendering').failures], [null, 1]);
  const again = rendering({ render: aRender(), failures: 1 });
  const { error } = stateOf(after(again, failed(again, 'codec')), 'failed');
  assert.deepEqual([error.code, error.message], ['render_failed', 'codec']);
});

test('says what failed in its own words when the upstream gave none', () => {
  const file = rendering({ render: aRender(), failures: 1 });
  assert.match(stateOf(after(file, failed(file)), 'failed').error.message, /failed to render/);
});

for (const [name, event] of [
  ['goes on', goingOn],
  ['has failed', failed],
] as const) {
  test(`takes a new id when the old render of a retried file ${name}`, () => {
    const file = rendering({ render: aRender({ lookOnce: true }) });
    const { render, failures } = stateOf(after(file, event(file)), 'rendering');
    assert.deepEqual([render, failures], [null, 0]);
  });
}

test('polls the old render on when a retry had to submit it again', () => {
  const file = rendering({ render: aRender({ lookOnce: true }) });
  assert.equal(stateOf(after(file, submitted(file)), 'rendering').render?.lookOnce, false);
});

test('completes with the output of its render', () => {
  const file = rendering({ render: aRender() });
  const next = after(file, rendered(file), now);
  assert.deepEqual(next.state, { status: 'completed', output, finishedAt: now });
  assert.equal(next.steps.at(-1)?.finishedAt, now);
});

test('ends the step of a retried render without the error that it had', () => {
  const file = rendering({ render: aRender({ lookOnce: true }) });
  const [step] = file.steps;
  assert.ok(step);
  const error = { code: 'render_timeout', message: '', upstreamCode: null } as const;
  const next = after({ ...file, steps: [{ ...step, finishedAt: t0, error }] }, rendered(file), now);
  assert.deepEqual(next.steps, [{ ...step, finishedAt: now }]);
});

test('ignores the output of another render', () => {
  const file = rendering({ render: aRender({ id: 'render_2' }) });
  assert.equal(after(file, rendered(file)), file);
});

test('fails a file whose timeline is found empty before it renders', () => {
  const file = rendering();
  assert.equal(stateOf(after(file, { type: 'timeline-empty', run: 1 }), 'failed').error.code, 'nothing_to_render');
  const submittedAlready = rendering({ render: aRender() });
  assert.equal(after(submittedAlready, { type: 'timeline-empty', run: 1 }), submittedAlready);
});

test('ignores word of a render that was not asked for', () => {
  const file = rendering();
  for (const event of [goingOn, submitted, failed, rendered]) assert.equal(after(file, event(file)), file);
});

test('ignores delivery while it renders, and renders while it waits or does something else', () => {
  const file = rendering({ render: aRender() });
  assert.equal(after(file, { type: 'delivered', run: 1 }), file);
  assert.equal(after(file, { type: 'delivery-refused', run: 1, detail: '' }), file);
  const waiting = rendering({ render: aRender(), place: 'waiting' });
  assert.equal(after(waiting, rendered(waiting)), waiting);
  assert.equal(after(aFile(), rendered(aFile())).state.status, 'queued');
});

test('delivers where the file has a destination', () => {
  const file = withDestination(rendering({ render: aRender() }));
  const next = after(file, rendered(file), now);
  assert.deepEqual([stateOf(next, 'delivering').output, next.steps.at(-1)?.step], [output, 'deliver']);
});

test('completes when delivered', () => {
  const next = after(delivering(), { type: 'delivered', run: 1 }, now);
  assert.deepEqual(next.state, { status: 'completed', output, finishedAt: now });
});

test('fails a refused delivery', () => {
  const { error } = stateOf(after(delivering(), { type: 'delivery-refused', run: 1, detail: '403' }), 'failed');
  assert.deepEqual([error.code, error.step, error.message], ['delivery_failed', 'deliver', '403']);
});

test('ignores renders while it delivers, and delivery while it waits for its turn', () => {
  const file = delivering();
  assert.equal(after(file, rendered(file)), file);
  const waiting = delivering({ place: 'waiting' });
  assert.equal(after(waiting, { type: 'delivered', run: 1 }), waiting);
});
