/** Webhook deliveries as callers see them, and the request that tries a receiver out. */
import { z } from 'zod';
import { webhookEvents } from '../shared/domain/batch.ts';
import { deliveryStatuses } from '../shared/webhook/delivery.ts';
import { attemptSchema } from '../shared/webhook/attempt.ts';
import { pageOf, pageQuery } from './page.schema.ts';
import { urlText, webhookSecret } from './request-parts.schema.ts';

const attempt = attemptSchema.meta({ id: 'DeliveryAttempt' });

export const deliverySchema = z
  .object({
    id: z.string().describe('Also the `webhook-id` header: the same for every attempt.'),
    batch_id: z.string(),
    type: z.enum(webhookEvents),
    url: z.string().nullable(),
    status: z.enum(deliveryStatuses),
    error: z.string().nullable().describe('`gone`: a 410 of the receiver ended the deliveries of its batch.'),
    attempts: z.array(attempt).describe('The last ones, oldest first.'),
    created_at: z.iso.datetime(),
    next_attempt_at: z.iso.datetime().nullable(),
    endpoint: z
      .object({
        last_success_at: z.iso.datetime().nullable(),
        failing_since: z.iso.datetime().nullable().describe('No attempt has succeeded since.'),
        failures: z.int(),
        marked_at: z.iso
          .datetime()
          .nullable()
          .describe('It has failed for three days: one request at a time, until the next success.'),
      })
      .describe('How the URL has been doing for you, over all batches.'),
  })
  .meta({ id: 'Delivery' });

export const deliveryPageSchema = pageOf(deliverySchema).meta({ id: 'DeliveryPage' });
export const deliveryListQuery = z.strictObject({
  ...pageQuery,
  batch_id: z.string().max(100).optional(),
  status: z.enum(deliveryStatuses).optional(),
});
export const deliveryParams = z.object({ id: z.string() });

export const webhookTestRequestSchema = z
  .strictObject({ url: urlText, secret: webhookSecret.nullish() })
  .meta({ id: 'WebhookTestRequest' });
export const webhookTestSchema = attemptSchema
  .extend({ id: z.string().describe('The `webhook-id` that the receiver saw.') })
  .meta({ id: 'WebhookTest', description: '`error` null: the receiver took the event.' });
