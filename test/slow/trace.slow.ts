/** One trace leads from the POST through every step and upstream call to the webhook, over two processes. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { openPlace } from '../end-to-end/open-place.ts';
import { postBatch, until, untilEnded } from '../end-to-end/world.ts';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { key: string; value: { stringValue?: string } }[];
}
interface OtlpRequest {
  readonly resourceSpans: readonly { scopeSpans: readonly { spans: readonly OtlpSpan[] }[] }[];
}

/** A receiver of OTLP over HTTP, JSON. */
async function openReceiver(t: TestContext): Promise<{ url: string; spans: OtlpSpan[] }> {
  const spans: OtlpSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as OtlpRequest;
      if (request.url !== '/v1/traces') return response.writeHead(404).end();
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      return response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

test('shows the whole way of one file in one trace', async (t) => {
  const receiver = await openReceiver(t);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '100' };
  const place = await openPlace(t, { workers: 1, environment });
  const { id } = await postBatch(place.api, {
    instructions: ['trim the first 3 seconds', 'mute'],
    files: [{ source: { url: place.clips.url('one.mp4') } }],
    webhook: { url: place.hooks.url },
  });
  await untilEnded(place.api, id);
  const post = await until(
    'the request is told',
    async () => receiver.spans.find(({ name }) => name === 'POST /batches') ?? null,
  );
  const ofTrace = (): OtlpSpan[] => receiver.spans.filter(({ traceId }) => traceId === post.traceId);
  await until('the webhook is told', async () => ofTrace().find(({ name }) => name === 'notify') ?? null);
  const spans = ofTrace();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const shown = new Set(spans.map((span) => `${byId.get(span.parentSpanId ?? '')?.name ?? '-'} > ${span.name}`));
  for (const way of [
    '- > POST /batches',
    'POST /batches > step upload',
    'step upload > nemovideo create-session',
    'step upload > nemovideo upload-by-url',
    'POST /batches > step edit',
    'step edit > nemovideo read-state',
    'step edit > nemovideo run-turn',
    'POST /batches > step render',
    'step render > nemovideo submit-render',
    'step render > nemovideo read-render',
    'POST /batches > notify',
  ]) {
    assert.ok(shown.has(way), `${way} is not in ${[...shown].join(', ')}`);
  }
  assert.equal(spans.filter(({ name }) => name === 'nemovideo run-turn').length, 2, 'one span a turn');
  const file = spans.find(({ name }) => name === 'step edit')?.attributes.find(({ key }) => key === 'file_id');
  assert.match(file?.value.stringValue ?? '', /^fil_/);
  assert.doesNotMatch(JSON.stringify(spans), /trim the first|127\.0\.0\.1|authorization/i);
});
