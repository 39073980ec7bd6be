/**
 * One run of a webhook delivery: an attempt at most. It never throws for what a receiver does, and it sends nothing that
 * is not stored: the body is frozen before its first byte leaves, so a run after a crash repeats the very same bytes.
 */
import { z } from 'zod';
import type { Context } from '../shared/context.ts';
import type { BatchSpec } from '../shared/domain/batch.ts';
import { readSpec } from '../shared/load-file.ts';
import type { NotifyJob } from '../shared/queues.ts';
import type { Attempt } from '../shared/webhook/attempt.ts';
import { inSpan } from '../shared/tracing/tracing.ts';
import { loadDelivery, type Delivery, type DeliveryStatus } from '../shared/webhook/delivery.ts';
import { endpointId, readEndpoint, standingOf } from '../shared/webhook/endpoint.ts';
import { enqueueDelivery } from '../shared/webhook/enqueue-delivery.ts';
import { postWebhook, type Posted, type WebhookMessage } from '../shared/webhook/post-webhook.ts';
import { planRetry, type RetryPlan } from '../shared/webhook/retry-plan.ts';
import { toWebhookBody } from '../shared/webhook/webhook-body.ts';

/** The attempt log keeps the last ones. */
const mostAttempts = 20;
/** Deliveries ended in one script call: short enough for everybody else. */
const goneChunk = 500;

/**
 * `passed`: another run took over, or the delivery is gone. `deferred`: its endpoint is busy, a later run is planned.
 * `aborted`: the signal ended it, nothing is known and nothing was saved; the same run may simply be started again.
 */
export type NotifyEnd = RetryPlan['kind'] | 'passed' | 'deferred' | 'aborted';

/** `known`: as it was read just now. */
export async function runNotify(
  ctx: Context,
  job: NotifyJob,
  signal: AbortSignal,
  known?: Delivery,
): Promise<NotifyEnd> {
  const delivery = known ?? (await loadDelivery(ctx, job.delivery_id));
  if (delivery === null || delivery.run !== job.run || delivery.status !== 'pending') return 'passed';
  const spec = await readSpec(ctx, delivery.batch);
  if (spec === null || spec.webhook === null) return 'passed';
  const endpoint = endpointId(delivery.tenant, spec.webhook.url);
  const entry = ctx.webhooks.open.enter(delivery.tenant, standingOf(await readEndpoint(ctx, endpoint)));
  if (entry.kind === 'full') return defer(ctx, delivery, entry.delayMs);
  const { webhook } = spec;
  try {
    return await traced(ctx, delivery, spec, (traceparent) =>
      attempt(ctx, { delivery, spec, webhook, endpoint, traceparent }, signal),
    );
  } finally {
    entry.leave();
  }
}

/** The last part of the batch's trace; the receiver is given it, to go on from there. */
function traced(
  ctx: Context,
  { batch, id, type }: Delivery,
  { traceparent: parent = null }: BatchSpec,
  work: (traceparent: string | null) => Promise<NotifyEnd>,
): Promise<NotifyEnd> {
  const attributes = { batch_id: batch, delivery_id: id, type };
  return inSpan(ctx.tracing, 'notify', { parent, kind: 'client', attributes }, async (span) => {
    const end = await work(span.traceparent ?? parent);
    span.set({ outcome: end });
    return end;
  });
}

interface Sending {
  readonly delivery: Delivery;
  readonly spec: BatchSpec;
  readonly webhook: NonNullable<BatchSpec['webhook']>;
  readonly endpoint: string;
  readonly traceparent: string | null;
}

const enteredSchema = z.union([
  z.tuple([z.literal('passed')]),
  z.tuple([z.literal('entered'), z.string()]),
  z.tuple([z.literal('full'), z.number()]),
]);

async function attempt(ctx: Context, sending: Sending, signal: AbortSignal): Promise<NotifyEnd> {
  const { delivery, spec, endpoint } = sending;
  const { id, type, batch: batchId, at, facts } = delivery;
  const fresh = toWebhookBody({ type, batchId, at, facts, metadata: spec.metadata }, ctx.config.publicUrl);
  const { timeoutMs } = ctx.webhooks;
  ctx.reach('notify: taken, not frozen');
  const entered = enteredSchema.parse(
    await ctx.scripts['delivery-enter'](id, delivery.run, fresh, endpoint, timeoutMs),
  );
  if (entered[0] === 'passed') return 'passed';
  if (entered[0] === 'full') return defer(ctx, delivery, entered[1]);
  ctx.reach('notify: frozen, not sent');
  const posted = await postWebhook(
    ctx.webhooks,
    { ...toMessage(sending, entered[1]), at: ctx.account.gate.redisNow() },
    signal,
  );
  if (posted.kind === 'aborted') {
    await ctx.redis.zrem(ctx.keys.endpointOpen(endpoint), id);
    return 'aborted';
  }
  ctx.reach('notify: sent, not saved');
  return conclude(ctx, sending, posted);
}

const toMessage = (
  { delivery: { id }, spec, webhook: { url, secret }, traceparent }: Sending,
  body: string,
): Omit<WebhookMessage, 'at'> => ({
  id,
  url,
  secret,
  body,
  requestId: spec.requestId,
  traceparent,
});

async function conclude(
  ctx: Context,
  { delivery, spec, endpoint }: Sending,
  { attempt: made, retryAfterMs }: Extract<Posted, { kind: 'attempted' }>,
): Promise<NotifyEnd> {
  const tries = delivery.tries + 1;
  const plan = planRetry(tries, ctx.config.webhookRetryMs, { status: made.status, retryAfterMs });
  logAttempt(ctx, delivery, { made, tries, plan, requestId: spec.requestId });
  ctx.telemetry.webhookAttempted(plan.kind);
  const attempts = [...delivery.attempts, made];
  const outcome = { endpoint, result: plan.kind === 'delivered' ? 'ok' : 'failed', durationMs: made.duration_ms };
  const saved = await save(ctx, delivery, plan, { attempts, tries, ...outcome });
  if (saved && plan.kind === 'gone') await endDeliveries(ctx, delivery.batch);
  return saved ? plan.kind : 'passed';
}

/** Puts the run back without an attempt: no room now, at the endpoint or in this process. */
async function defer(ctx: Context, delivery: Delivery, delayMs: number): Promise<NotifyEnd> {
  ctx.telemetry.webhookAttempted('deferred');
  const none = { endpoint: '', result: '', durationMs: 0 };
  const saved = await save(ctx, delivery, { kind: 'again', delayMs }, { ...delivery, ...none });
  return saved ? 'deferred' : 'passed';
}

interface Outcome extends Pick<Delivery, 'attempts' | 'tries'> {
  readonly endpoint: string;
  /** `ok`, `failed`, or nothing where there was no attempt. */
  readonly result: string;
  readonly durationMs: number;
}

const savedSchema = z.tuple([z.enum(['saved', 'passed']), z.enum(['marked', 'revived', ''])]);

async function save(ctx: Context, delivery: Delivery, plan: RetryPlan, outcome: Outcome): Promise<boolean> {
  const { id, run } = delivery;
  const due = plan.kind === 'again' ? plan.delayMs : '';
  const log = JSON.stringify(outcome.attempts.slice(-mostAttempts));
  const why = plan.kind === 'gone' ? 'gone' : '';
  const { tries, endpoint, result } = outcome;
  const tookMs = Math.round(outcome.durationMs);
  const [kind, turned] = savedSchema.parse(
    await ctx.scripts['delivery-save'](id, run, statusOf[plan.kind], due, log, tries, why, endpoint, result, tookMs),
  );
  if (turned !== '') ctx.log.warn({ tenant: delivery.tenant, delivery_id: id, endpoint, turned }, 'webhook endpoint');
  if (kind === 'passed') return false;
  ctx.reach(`notify: saved (${plan.kind}), not enqueued`);
  if (plan.kind === 'again') await enqueueDelivery(ctx, { id, run: run + 1, delayMs: plan.delayMs });
  ctx.reach(`notify: saved (${plan.kind})`);
  return true;
}

const statusOf: Readonly<Record<RetryPlan['kind'], DeliveryStatus>> = {
  delivered: 'delivered',
  again: 'pending',
  gone: 'failed',
  failed: 'failed',
};

/** A crash in between is made good by the next delivery of the batch, which hears the same 410. */
async function endDeliveries(ctx: Context, batchId: string): Promise<void> {
  for (let first = 0; ; first += goneChunk) {
    const seen = await ctx.scripts['deliveries-gone'](batchId, first, first + goneChunk - 1);
    if (seen !== goneChunk) return;
  }
}

interface Made {
  readonly made: Attempt;
  readonly tries: number;
  readonly plan: RetryPlan;
  readonly requestId: string | null;
}

function logAttempt(ctx: Context, delivery: Delivery, { made, tries, plan, requestId }: Made): void {
  // No URL and no answer: both may hold secrets of the receiver.
  ctx.log.info(
    {
      request_id: requestId,
      batch_id: delivery.batch,
      delivery_id: delivery.id,
      step: 'notify',
      run: delivery.run,
      type: delivery.type,
      attempt: tries,
      status: made.status,
      error: made.error,
      duration_ms: made.duration_ms,
      next: plan.kind,
    },
    'webhook attempted',
  );
}
