/**
 * The body of a webhook, out of the facts that were frozen with the event. Pure, and made once a delivery: what is sent
 * is the text that delivery-enter.lua keeps.
 */
import { z } from 'zod';
import { webhookEvents, type WebhookEvent } from '../domain/batch.ts';

/** As `emit` in lib.lua freezes them. */
export const eventFactsSchema = z.object({
  status: z.string(),
  counts: z.record(z.string(), z.number()),
  sequence: z.number(),
  /** file.* events only. */
  file_id: z.string().optional(),
});
export type EventFacts = z.infer<typeof eventFactsSchema>;

/** As a receiver reads it. `webhook.test` (POST /webhooks/test) says nothing more. */
export const webhookBodySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(webhookEvents),
    timestamp: z.string(),
    data: z.object({
      batch_id: z.string(),
      ...eventFactsSchema.shape,
      metadata: z.record(z.string(), z.unknown()),
      results_url: z.string(),
    }),
  }),
  z.object({ type: z.literal('webhook.test'), timestamp: z.string(), data: z.object({}) }),
]);
type WebhookBody = z.input<typeof webhookBodySchema>;

export interface WebhookFacts {
  readonly type: WebhookEvent;
  readonly batchId: string;
  /** Redis' clock at the event, in ms. */
  readonly at: number;
  readonly facts: EventFacts;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** `publicUrl` ends without a slash; null: the receiver gets the path alone (design §9 PUBLIC_URL). */
export function toWebhookBody(event: WebhookFacts, publicUrl: string | null): string {
  const { status, counts, sequence, file_id } = event.facts;
  const body: WebhookBody = {
    type: event.type,
    timestamp: new Date(event.at).toISOString(),
    data: {
      batch_id: event.batchId,
      status,
      counts,
      metadata: { ...event.metadata },
      results_url: `${publicUrl ?? ''}/batches/${event.batchId}/results`,
      sequence,
      ...(file_id === undefined ? {} : { file_id }),
    },
  };
  return JSON.stringify(body);
}
