/** One batch in depth: failures grouped by code with what a retry of each group would cost. */
import { errorMeanings, type ErrorCode } from '../shared/domain/error-codes.ts';
import type { FileRecord } from '../shared/domain/file.ts';
import { sessionCredits } from '../shared/domain/policy.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFiles } from '../shared/read-file.ts';
import type { ApiContext } from './api-context.ts';
import { toRow } from './dashboard-batches.ts';
import { createRecent } from './dashboard-recent.ts';
import type { BatchDetail, FailureGroup } from './dashboard-wire.ts';

/** Failures that are looked at; as many as one batch can have. */
const mostFailures = 50_000;
const chunkSize = 500;
/** Few are read again as soon as there is another one; many at most so often. */
const few = 1000;
const keptMs = { few: 2000, many: 20_000 } as const;

export function createBatchDetail(ctx: ApiContext): (batch: StoredBatch) => Promise<BatchDetail> {
  const recent = {
    few: createRecent<FailureGroup[]>(keptMs.few),
    many: createRecent<FailureGroup[]>(keptMs.many),
  };
  return async (batch) => {
    const { counts } = batch.progress;
    const amount = counts.failed > few ? 'many' : 'few';
    const name = `${batch.id} ${batch.progress.round} ${amount === 'few' ? counts.failed : ''}`;
    const row = toRow(ctx, batch);
    return {
      batch: row,
      instructions: batch.spec.instructions,
      webhookUrl: batch.spec.webhook?.url ?? null,
      maxSessions: batch.spec.maxSessions,
      maxCredits: batch.maxCredits,
      failures: counts.failed === 0 ? [] : await recent[amount](name, () => groupFailures(ctx, batch)),
      creditsToCome: Math.max(0, row.credits.estimated - batch.paidSessions * sessionCredits),
    };
  };
}

async function groupFailures(ctx: ApiContext, batch: StoredBatch): Promise<FailureGroup[]> {
  const key = ctx.keys.status(batch.id, 'failed');
  const indexes = (await ctx.redis.zrange(key, '0', String(mostFailures - 1))).map(Number);
  const groups = new Map<string, { code: ErrorCode; step: string; credits: number; fileIds: string[] }>();
  for (let first = 0; first < indexes.length; first += chunkSize) {
    for (const { file } of await readFiles(ctx, batch.id, indexes.slice(first, first + chunkSize))) {
      if (file.state.status !== 'failed') continue;
      const { code, step } = file.state.error;
      const group = groups.get(`${code} ${step}`) ?? { code, step, credits: 0, fileIds: [] };
      groups.set(`${code} ${step}`, group);
      group.fileIds.push(file.id);
      if (needsSession(file)) group.credits += sessionCredits;
    }
  }
  return [...groups.values()]
    .map((group) => ({ ...group, count: group.fileIds.length, ...errorMeanings[group.code] }))
    .toSorted((one, other) => other.count - one.count);
}

/** A retry goes on in the session that is there and paid; where it is lost or was never paid, a new one is charged. */
function needsSession({ session, state }: FileRecord): boolean {
  if (session === null || !session.paid) return true;
  return state.status === 'failed' && state.error.code === 'session_lost';
}
