/** Tells the maker of a batch that its webhook URL has failed for days: it is taken all the same. */
import { endpointId, readEndpoint } from '../shared/webhook/endpoint.ts';
import type { ApiContext } from './api-context.ts';
import type { BatchRequest, Warning } from './batches.schema.ts';

export async function warnOfEndpoint(ctx: ApiContext, tenant: string, { webhook }: BatchRequest): Promise<Warning[]> {
  if (webhook == null) return [];
  const { markedAt, failingSince } = await readEndpoint(ctx, endpointId(tenant, webhook.url));
  if (markedAt === null || failingSince === null) return [];
  const since = new Date(failingSince).toISOString();
  const detail = `No delivery to this URL has succeeded since ${since}; it is tried one request at a time.`;
  return [{ code: 'webhook_failing', detail, pointer: '#/webhook/url' }];
}
