import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWebhookSecret, signWebhook } from '../../../src/shared/webhook/sign.ts';

// The example of the Standard Webhooks specification.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const parts = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: new Date(1_614_265_330_000),
  body: '{"test": 2432232314}',
};
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

test('signs as the specification shows, with and without the prefix', () => {
  assert.equal(signWebhook(secret, parts), signature);
  assert.equal(signWebhook(secret.slice('whsec_'.length), parts), signature);
});

test('two secrets give two signatures, in their order', () => {
  const other = `whsec_${Buffer.from('the other one').toString('base64')}`;
  const both = signWebhook(`${other} ${secret}`, parts)?.split(' ');
  assert.equal(both?.length, 2);
  assert.equal(both[1], signature);
  assert.match(both[0] ?? '', /^v1,/);
});

test('what is no secret is told as such, without its text', () => {
  for (const text of ['', 'whsec_', 'not base64!', `${secret} ${secret} ${secret}`, `${secret} -`]) {
    assert.equal(isWebhookSecret(text), false, text);
    assert.equal(signWebhook(text, parts), null);
  }
  assert.equal(isWebhookSecret(`${secret} ${secret}`), true);
});
