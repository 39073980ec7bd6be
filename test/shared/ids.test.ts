import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import * as ids from '../../src/shared/ids.ts';
import { createRenderIds } from '../../src/shared/render-ids.ts';

test('makes ids of the documented forms that sort by time', () => {
  const forms: [() => string, RegExp][] = [
    [ids.newBatchId, /^bat_[0-9a-f]{12}7[0-9a-f]{19}$/],
    [ids.newUploadId, /^upl_[0-9a-f]{32}$/],
    [ids.newTurnId, /^trn_[0-9a-f]{32}$/],
    [ids.newDeliveryId, /^dlv_[0-9a-f]{32}$/],
    [ids.newRequestId, /^req_[0-9a-f]{32}$/],
  ];
  for (const [make, form] of forms) {
    const made = Array.from({ length: 1000 }, make);
    for (const id of made) assert.match(id, form);
    assert.equal(new Set(made).size, 1000);
    assert.deepEqual(made.toSorted(), made);
  }
});

test('reads back every file id that it makes', () => {
  const index = fc.integer({ min: 0, max: 60_000_000 });
  fc.assert(
    fc.property(index, (index) => {
      const batchId = ids.newBatchId();
      assert.ok(ids.isBatchId(batchId));
      assert.deepEqual(ids.parseFileId(ids.fileId(batchId, index)), { batchId, index });
    }),
  );
});

test('reads nothing into what is no file id', () => {
  const good = ids.fileId(ids.newBatchId(), 35);
  const bad = [
    '',
    'fil_',
    `${good} `,
    `${good}\n`,
    good.toUpperCase(),
    good.replace('_z', '_0z'),
    `x${good}`,
    `${good}00000`,
  ];
  for (const id of [...bad, good.replace('fil_', 'bat_'), good.replace('_z', '_'), good.replace('_z', '_-1')]) {
    assert.equal(ids.parseFileId(id), null, id);
  }
  assert.ok(!ids.isBatchId(good));
});

test('makes render ids of digits alone, none twice, in one process or two', () => {
  const [here, there] = [createRenderIds(), createRenderIds()];
  const made = Array.from({ length: 20_000 }, (_, index) => (index % 2 ? here() : there()));
  for (const id of made) assert.match(id, /^render_\d{1,30}$/);
  assert.equal(new Set(made).size, made.length);
});

test('makes no render id twice when the clock stands still or goes back', () => {
  const times = [5_000, 5_000, 1_000, 5_001, 4_000];
  let asked = 0;
  const next = createRenderIds('123456789012345', () => times[Math.floor(asked++ / 300) % times.length] ?? 0);
  const made = Array.from({ length: 3_000 }, next);
  assert.equal(new Set(made).size, 3_000);
});
