/** Webhooks as this service signs and words them, checked by the client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyWebhook, WebhookError } from '../../src/client/verify-webhook.ts';
import { signWebhook } from '../../src/shared/webhook/sign.ts';
import { toWebhookBody } from '../../src/shared/webhook/webhook-body.ts';

const secret = `whsec_${Buffer.from('the secret of this test, 32 long').toString('base64')}`;
const newer = `whsec_${Buffer.from('and what comes in place of it...').toString('base64')}`;
const facts = { status: 'completed', counts: { total: 1, completed: 1 }, sequence: 1 };
const about = { batchId: 'bat_1', at: Date.now(), facts, metadata: { name: 'ü' } };
const body = toWebhookBody({ ...about, type: 'batch.completed' }, null);

function headersOf(text: string, under = secret, timestamp = new Date()): Record<string, string> {
  const signature = signWebhook(under, { id: 'msg_1', timestamp, body: text }) ?? '';
  const at = String(Math.floor(timestamp.getTime() / 1000));
  return { 'Webhook-Id': 'msg_1', 'webhook-timestamp': at, 'webhook-signature': signature };
}
const codeOf = (code: WebhookError['code']) => (error: unknown) => error instanceof WebhookError && error.code === code;

test('reads a genuine webhook, however its headers and body come', () => {
  const event = verifyWebhook({ body, headers: headersOf(body), secret });
  assert.deepEqual([event.id, event.type, event.data], ['msg_1', 'batch.completed', JSON.parse(body).data]);
  const bytes = new TextEncoder().encode(body);
  assert.deepEqual(verifyWebhook({ body: bytes, headers: new Headers(headersOf(body)), secret }), event);
});

test('takes either secret while it is rotated, on either side', () => {
  verifyWebhook({ body, headers: headersOf(body, `${newer} ${secret}`), secret });
  verifyWebhook({ body, headers: headersOf(body, secret), secret: `${newer} ${secret}` });
});

test('refuses another secret, another body, an old one, none at all, and what is no secret', () => {
  const old = new Date(Date.now() - 600_000);
  const refused = [
    { body, headers: headersOf(body), secret: newer },
    { body: body.replace('bat_1', 'bat_2'), headers: headersOf(body), secret },
    { body, headers: headersOf(body, secret, old), secret },
    { body, headers: {}, secret },
    { body, headers: headersOf(body), secret: '' },
  ];
  for (const one of refused) assert.throws(() => verifyWebhook(one), codeOf('invalid_signature'));
});

test('tells what is genuine but unknown from what is false', () => {
  const unheard = JSON.stringify({ type: 'batch.painted', timestamp: '', data: {} });
  const given = { body: unheard, headers: headersOf(unheard), secret };
  assert.throws(() => verifyWebhook(given), codeOf('unexpected_body'));
  const tried = JSON.stringify({ type: 'webhook.test', timestamp: new Date().toISOString(), data: {} });
  assert.equal(verifyWebhook({ body: tried, headers: headersOf(tried), secret }).type, 'webhook.test');
});
