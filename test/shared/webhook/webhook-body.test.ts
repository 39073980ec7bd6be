import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toWebhookBody } from '../../../src/shared/webhook/webhook-body.ts';

const event = {
  type: 'file.completed',
  batchId: 'bat_1',
  at: Date.UTC(2026, 10, 5, 12, 30, 0, 250),
  facts: { status: 'completed', counts: { total: 2, completed: 1 }, sequence: 3, file_id: 'fil_1_0' },
  metadata: { customer: 'Zoë', nested: { a: [1] } },
} as const;

test('holds the frozen facts, the metadata and where the results are', () => {
  assert.deepEqual(JSON.parse(toWebhookBody(event, 'https://video.example/base')), {
    type: 'file.completed',
    timestamp: '2026-11-05T12:30:00.250Z',
    data: {
      batch_id: 'bat_1',
      status: 'completed',
      counts: { total: 2, completed: 1 },
      metadata: { customer: 'Zoë', nested: { a: [1] } },
      results_url: 'https://video.example/base/batches/bat_1/results',
      sequence: 3,
      file_id: 'fil_1_0',
    },
  });
});

test('names the path alone without PUBLIC_URL, and no file where the event is of the batch', () => {
  const { file_id: _, ...facts } = event.facts;
  const { data } = JSON.parse(toWebhookBody({ ...event, type: 'batch.completed', facts }, null));
  assert.equal(data.results_url, '/batches/bat_1/results');
  assert.equal('file_id' in data, false);
});
