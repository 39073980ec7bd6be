/** A webhook delivery: its record in Redis (read only here; written by the delivery scripts) and what the API shows. */
import { z } from 'zod';
import type { Context } from '../context.ts';
import { webhookEvents } from '../domain/batch.ts';
import { readSpec } from '../load-file.ts';
import { attemptSchema, type Attempt } from './attempt.ts';
import { endpointId, readEndpoint } from './endpoint.ts';
import { eventFactsSchema } from './webhook-body.ts';

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

const json = z.string().transform((text): unknown => JSON.parse(text));
const fields = [
  'batch',
  'tenant',
  'type',
  'at',
  'facts',
  'status',
  'run',
  'tries',
  'due',
  'attempts',
  'error',
] as const;
const recordSchema = z.object({
  batch: z.string(),
  tenant: z.string(),
  type: z.enum(webhookEvents),
  at: z.coerce.number(),
  facts: json.pipe(eventFactsSchema),
  status: z.enum(deliveryStatuses),
  run: z.coerce.number(),
  /** Attempts of the present schedule; a redelivery starts it anew. */
  tries: z.coerce.number(),
  due: z
    .string()
    .nullable()
    .transform((text) => (text === null ? null : Number(text))),
  attempts: json.pipe(z.array(attemptSchema)),
  error: z
    .string()
    .nullable()
    .transform((text) => (text === '' ? null : text)),
});
export type Delivery = z.infer<typeof recordSchema> & { readonly id: string };

/** As design §7 names it; times RFC 3339. */
export interface DeliveryResource {
  readonly id: string;
  readonly batch_id: string;
  readonly type: (typeof webhookEvents)[number];
  readonly url: string | null;
  readonly status: DeliveryStatus;
  /** `gone`: ended by a 410 of the receiver, to this delivery or another of its batch. */
  readonly error: string | null;
  readonly created_at: string;
  readonly next_attempt_at: string | null;
  /** The last ones, oldest first. */
  readonly attempts: readonly Attempt[];
  /** How the URL has been doing for this tenant, over all batches. */
  readonly endpoint: EndpointResource;
}

export interface EndpointResource {
  readonly last_success_at: string | null;
  readonly failing_since: string | null;
  readonly failures: number;
  /** It has failed for days: tried one request at a time until it takes one again. */
  readonly marked_at: string | null;
}

export async function loadDelivery(ctx: Context, id: string): Promise<Delivery | null> {
  const values = await ctx.redis.hmget(ctx.keys.delivery(id), ...fields);
  if (values[0] == null) return null;
  const named = Object.fromEntries(fields.map((field, at) => [field, values[at]]));
  return { id, ...recordSchema.parse(named) };
}

export async function toDeliveryResource(ctx: Context, delivery: Delivery): Promise<DeliveryResource> {
  const spec = await readSpec(ctx, delivery.batch);
  const url = spec?.webhook?.url ?? null;
  const endpoint = await readEndpoint(ctx, endpointId(delivery.tenant, url ?? ''));
  return {
    id: delivery.id,
    batch_id: delivery.batch,
    type: delivery.type,
    url,
    status: delivery.status,
    error: delivery.error,
    created_at: new Date(delivery.at).toISOString(),
    next_attempt_at: toTime(delivery.due),
    attempts: delivery.attempts,
    endpoint: {
      last_success_at: toTime(endpoint.okAt),
      failing_since: toTime(endpoint.failingSince),
      failures: endpoint.failures,
      marked_at: toTime(endpoint.markedAt),
    },
  };
}

const toTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
