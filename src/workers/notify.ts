/**
 * One run of a webhook delivery: an attempt at most. It never throws for what a receiver does, and it sends nothing that
 * is not stored: the body is frozen before its first byte leaves, so a run after a crash repeats the very same bytes.
 */
import type { Context } from '../shared/context.ts';
import type { BatchSpec } from '../shared/domain/batch.ts';
import { readSpec } from '../shared/load-file.ts';
import type { NotifyJob } from '../shared/queues.ts';
import type { Attempt } from '../shared/webhook/attempt.ts';
import { inSpan } from '../shared/tracing/tracing.ts';
import { loadDelivery, type Delivery, type DeliveryStatus } from '../shared/webhook/delivery.ts';
import { enqueueDelivery } from '../shared/webhook/enqueue-delivery.ts';
import { postWebhook } from '../shared/webhook/post-webhook.ts';
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

type Webhook = NonNullable<BatchSpec['webhook']>;

export async function runNotify(ctx: Context, job: NotifyJob, signal: AbortSignal): Promise<NotifyEnd> {
  const delivery = await loadDelivery(ctx, job.delivery_id);
  if (delivery === null || delivery.run !== job.run || delivery.status !== 'pending') return 'passed';
  const spec = await readSpec(ctx, delivery.batch);
  if (spec === null || spec.webhook === null) return 'passed';
  const { webhook } = spec;
  const entry = ctx.webhooks.lines.enter(delivery.tenant, webhook.url);
  if (entry.kind === 'full') return defer(ctx, delivery, entry.delayMs);
  try {
    return await traced(ctx, delivery, spec.trace, (traceparent) =>
      attempt(ctx, delivery, spec.metadata, { ...webhook, traceparent }, signal),
    );
  } finally {
    entry.leave();
  }
}

/** The last part of the batch's trace; the receiver is given it, to go on from there. */
function traced(
  ctx: Context,
  { batch, id, type }: Delivery,
  parent: string | null,
  work: (traceparent: string | null) => Promise<NotifyEnd>,
): Promise<NotifyEnd> {
  const attributes = { batch_id: batch, delivery_id: id, type };
  return inSpan(ctx.tracing, 'notify', { parent, kind: 'client', attributes }, async (span) => {
    const end = await work(span.traceparent);
    span.set({ outcome: end });
    return end;
  });
}

async function attempt(
  ctx: Context,
  delivery: Delivery,
  metadata: BatchSpec['metadata'],
  { url, secret, traceparent }: Webhook & { readonly traceparent: string | null },
  signal: AbortSignal,
): Promise<NotifyEnd> {
  const { id, type, batch: batchId, at, facts } = delivery;
  const fresh = toWebhookBody({ type, batchId, at, facts, metadata }, ctx.config.publicUrl);
  ctx.reach('notify: taken, not frozen');
  const body = await ctx.scripts['delivery-freeze'](id, delivery.run, fresh);
  if (typeof body !== 'string') return 'passed';
  ctx.reach('notify: frozen, not sent');
  const message = { id, url, secret, body, at: ctx.account.gate.redisNow(), traceparent };
  const posted = await postWebhook(ctx.webhooks, message, signal);
  if (posted.kind === 'aborted') return 'aborted';
  ctx.reach('notify: sent, not saved');
  const { attempt, retryAfterMs } = posted;
  const tries = delivery.tries + 1;
  const plan = planRetry(tries, ctx.config.webhookRetryMs, { status: attempt.status, retryAfterMs });
  logAttempt(ctx, delivery, tries, attempt, plan);
  ctx.telemetry.webhookAttempted(plan.kind);
  const saved = await save(ctx, delivery, plan, { attempts: [...delivery.attempts, attempt], tries });
  if (saved && plan.kind === 'gone') await endDeliveries(ctx, batchId);
  return saved ? plan.kind : 'passed';
}

/** Puts the run back without an attempt: the endpoint has as many requests open as it may have. */
async function defer(ctx: Context, delivery: Delivery, delayMs: number): Promise<NotifyEnd> {
  ctx.telemetry.webhookAttempted('deferred');
  const saved = await save(ctx, delivery, { kind: 'again', delayMs }, delivery);
  return saved ? 'deferred' : 'passed';
}

async function save(
  ctx: Context,
  { id, run }: Delivery,
  plan: RetryPlan,
  { attempts, tries }: Pick<Delivery, 'attempts' | 'tries'>,
): Promise<boolean> {
  const due = plan.kind === 'again' ? plan.delayMs : '';
  const log = JSON.stringify(attempts.slice(-mostAttempts));
  const why = plan.kind === 'gone' ? 'gone' : '';
  if ((await ctx.scripts['delivery-save'](id, run, statusOf[plan.kind], due, log, tries, why)) !== 1) return false;
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

function logAttempt(ctx: Context, delivery: Delivery, tries: number, attempt: Attempt, plan: RetryPlan): void {
  // No URL and no answer: both may hold secrets of the receiver.
  ctx.log.info(
    {
      batch_id: delivery.batch,
      delivery_id: delivery.id,
      step: 'notify',
      run: delivery.run,
      type: delivery.type,
      attempt: tries,
      status: attempt.status,
      error: attempt.error,
      duration_ms: attempt.duration_ms,
      next: plan.kind,
    },
    'webhook attempted',
  );
}
