/**
 * The body of a webhook, out of the facts that were frozen with the event. Pure, and made once a delivery: what is sent
 * is the text that delivery-enter.lua keeps.
 */
import { z } from 'zod';
import type { WebhookEvent } from '../domain/batch.ts';

/** As `emit` in lib.lua freezes them. */
export const eventFactsSchema = z.object({
  status: z.string(),
  counts: z.record(z.string(), z.number()),
  sequence: z.number(),
  /** file.* events only. */
  file_id: z.string().optional(),
});
export type EventFacts = z.infer<typeof eventFactsSchema>;

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
  return JSON.stringify({
    type: event.type,
    timestamp: new Date(event.at).toISOString(),
    data: {
      batch_id: event.batchId,
      status,
      counts,
      metadata: event.metadata,
      results_url: `${publicUrl ?? ''}/batches/${event.batchId}/results`,
      sequence,
      ...(file_id === undefined ? {} : { file_id }),
    },
  });
}
