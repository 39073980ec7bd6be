/**
 * Checks a webhook as Standard Webhooks ask for (design §8): the signature over the raw body, and its age. Pure, and the
 * same in Node and in browsers. The secret is never part of an error.
 */
import { Webhook } from 'standardwebhooks';
import type { z } from 'zod';
import { webhookBodySchema } from '../shared/webhook/webhook-body.ts';

export type WebhookEvent = z.output<typeof webhookBodySchema>;

export interface ReceivedWebhook {
  /** As it came, before anything has parsed it. */
  readonly body: string | Uint8Array;
  /** Of a fetch Request, or of Node's. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** `whsec_…`; while it is rotated the new and the old one, with a blank between. */
  readonly secret: string;
}

export type VerifiedWebhook = WebhookEvent & {
  /** `webhook-id`: the same in every attempt. One that was seen before is to be answered and dropped. */
  readonly id: string;
};

/** `invalid_signature`: not from your service, too old, or under another secret. `unexpected_body`: genuine, but new to this client. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  readonly code: 'invalid_signature' | 'unexpected_body';

  constructor(code: WebhookError['code'], cause?: unknown) {
    super(code === 'invalid_signature' ? 'The webhook is not genuine.' : 'The webhook says something unknown.', {
      cause,
    });
    this.code = code;
  }
}

/** Throws WebhookError, also where the secret itself is no secret. */
export function verifyWebhook({ body, headers, secret }: ReceivedWebhook): VerifiedWebhook {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = { 'webhook-id': '', 'webhook-timestamp': '', 'webhook-signature': '' };
  for (const name of Object.keys(signed) as (keyof typeof signed)[]) signed[name] = headerOf(headers, name);
  const failures: unknown[] = [];
  const isGenuine = secret
    .trim()
    .split(/\s+/)
    .some((one) => isSigned(one, text, signed, failures));
  if (!isGenuine) throw new WebhookError('invalid_signature', failures[0]);
  return { ...read(text), id: signed['webhook-id'] };
}

function isSigned(secret: string, text: string, signed: Record<string, string>, failures: unknown[]): boolean {
  try {
    new Webhook(secret).verify(text, signed, { jsonParse: false });
    return true;
  } catch (error) {
    failures.push(error);
    return false;
  }
}

function headerOf(headers: ReceivedWebhook['headers'], name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? '';
  const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? [];
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}

function read(text: string): WebhookEvent {
  try {
    return webhookBodySchema.parse(JSON.parse(text));
  } catch (error) {
    throw new WebhookError('unexpected_body', error);
  }
}
