/** A batch as a resource, by the settings and the clock of this service. */
import type { StoredBatch } from '../shared/read-batch.ts';
import { toBatchResource, type BatchView } from '../shared/to-batch-resource.ts';
import type { ApiContext } from './api-context.ts';

export const toBatch = (ctx: ApiContext, batch: StoredBatch): BatchView =>
  toBatchResource(batch, {
    baseUrl: ctx.config.publicUrl,
    now: ctx.account.gate.redisNow(),
    window: ctx.config.maxInFlight,
  });
