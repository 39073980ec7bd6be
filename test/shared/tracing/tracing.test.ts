import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSpan, noTracing, parseTraceparent, type Tracing } from '../../../src/shared/tracing/tracing.ts';

test('reads a traceparent as the W3C writes it, and nothing else', () => {
  const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), { traceId, spanId, traceFlags: 1 });
  const wrong = [
    null,
    undefined,
    '',
    `01-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-1\n`,
  ];
  for (const text of wrong) assert.equal(parseTraceparent(text), null, String(text));
});

test('lets results and errors through, and leaves the code of an error', async () => {
  assert.equal(await inSpan(noTracing, 'x', {}, async (span) => span.traceparent), null);
  const told: string[] = [];
  const tracing: Tracing = {
    ...noTracing,
    open: (name, options) => ({
      ...noTracing.open(name, options),
      fail: (code) => told.push(code),
      end: () => told.push('end'),
    }),
  };
  const failed = Object.assign(new Error('a secret'), { code: 'connection_lost' });
  await assert.rejects(
    inSpan(tracing, 'x', {}, () => Promise.reject(failed)),
    failed,
  );
  assert.deepEqual(told, ['connection_lost', 'end']);
});
