/** Webhook deliveries as callers see them, and the request that tries a receiver out. */
import { z } from 'zod';
import { webhookEvents } from '../shared/domain/batch.ts';
import { pageOf, pageQuery } from './page.schema.ts';
import { urlText, webhookSecret } from './request-parts.schema.ts';

export const attemptSchema = z
  .object({
    at: z.iso.datetime(),
    status: z.int().nullable().describe('HTTP status; null: no answer.'),
    duration_ms: z.number().nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'DeliveryAttempt' });

export const deliverySchema = z
  .object({
    id: z.string().describe('Also the `webhook-id` header: the same for every attempt.'),
    batch_id: z.string(),
    type: z.enum(webhookEvents),
    url: z.string(),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.array(attemptSchema),
    created_at: z.iso.datetime(),
    next_attempt_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Delivery' });
export type DeliveryResource = z.infer<typeof deliverySchema>;

export const deliveryPageSchema = pageOf(deliverySchema).meta({ id: 'DeliveryPage' });
export const deliveryListQuery = z.strictObject({ ...pageQuery, batch_id: z.string().max(100).optional() });
export const deliveryParams = z.object({ id: z.string() });

export const webhookTestRequestSchema = z
  .strictObject({ url: urlText, secret: webhookSecret.nullish() })
  .meta({ id: 'WebhookTestRequest' });
export const webhookTestSchema = z
  .object({
    delivered: z.boolean(),
    status: z.int().nullable(),
    duration_ms: z.number(),
    error: z.string().nullable(),
  })
  .meta({ id: 'WebhookTest' });
