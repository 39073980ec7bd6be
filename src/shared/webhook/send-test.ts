/** Sends one signed `webhook.test` event, so that a receiver can be tried before a batch depends on it. Keeps nothing. */
import type { Context } from '../context.ts';
import { newDeliveryId } from '../ids.ts';
import type { Attempt } from './attempt.ts';
import { postWebhook } from './post-webhook.ts';

export interface TestTarget {
  readonly url: string;
  readonly secret: string | null;
}

/** What came of it; `id` is the webhook-id that the receiver saw. `error` null: it took the event. */
export type TestResult = Attempt & { readonly id: string };

/** Null: the caller's own signal ended it. */
export async function sendTest(ctx: Context, target: TestTarget, signal?: AbortSignal): Promise<TestResult | null> {
  const id = newDeliveryId();
  const at = ctx.account.gate.redisNow();
  const body = JSON.stringify({ type: 'webhook.test', timestamp: new Date(at).toISOString(), data: {} });
  const posted = await postWebhook(ctx.webhooks, { ...target, id, body, at }, signal);
  return posted.kind === 'aborted' ? null : { id, ...posted.attempt };
}
