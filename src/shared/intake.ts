/**
 * Takes a batch in (design §7 "Intake"): opens it as `loading`, adds its files in chunks, accepts it. Until it is
 * accepted it does not exist for anybody but the sweeper, which drops it when its lease has run out.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from './context.ts';
import type { BatchSpec } from './domain/batch.ts';
import { fileStatuses } from './domain/file-state.ts';
import type { FileInput } from './domain/file.ts';
import { newBatchId } from './ids.ts';
import { dropBatch } from './drop-batch.ts';
import { readBatch, type StoredBatch } from './read-batch.ts';
import { newFileProgress } from './stored-file.ts';
import { keepUploads } from './upload-record.ts';

/** One call of 10,000 blocks Redis and this process for a third of a second, 500 for 28 ms (queue-facts). */
const chunkSize = 500;
const leaseMs = 30_000;

export interface IntakeRequest {
  readonly tenant: string;
  readonly spec: BatchSpec;
  readonly files: readonly FileInput[];
  /** Hashes: neither a caller's key nor a body belongs into the name of a Redis key. */
  readonly idempotency: { readonly keyHash: string; readonly bodyHash: string } | null;
  readonly estimatedCredits: number;
  readonly maxCredits: number | null;
  /** Made when the batch is accepted; kept, and given again to a repeat under the same key. */
  readonly answerOf: (batch: StoredBatch) => string;
}

export type IntakeResult =
  | { readonly kind: 'accepted'; readonly batchId: string; readonly answer: string }
  | { readonly kind: 'answered'; readonly answer: string }
  /** The same key is being taken in by another request. */
  | { readonly kind: 'loading' }
  /** The same key came with another body. */
  | { readonly kind: 'mismatch' }
  /** Uploads that expired since they were checked. */
  | { readonly kind: 'uploads-gone'; readonly uploadIds: readonly string[] }
  /** The lease ran out (this process hung): nothing of it is left. */
  | { readonly kind: 'dropped' };

export async function takeIn(ctx: Context, request: IntakeRequest): Promise<IntakeResult> {
  const batchId = newBatchId();
  const opened = await open(ctx, batchId, request);
  if (opened !== null) return opened;
  ctx.reach('intake: opened');
  try {
    const result = await load(ctx, batchId, request);
    if (result.kind !== 'accepted') await dropBatch(ctx, batchId);
    return result;
  } catch (error) {
    // Best effort: whatever is left is the sweeper's, once the lease has run out.
    await dropUnaccepted(ctx, batchId).catch(() => null);
    throw error;
  }
}

/** An answer of Redis that got lost may have been that to the accepting: then the batch runs, and a repeat finds it. */
async function dropUnaccepted(ctx: Context, batchId: string): Promise<void> {
  if ((await ctx.redis.zscore(ctx.keys.loading(), batchId)) !== null) await dropBatch(ctx, batchId);
}

async function load(ctx: Context, batchId: string, request: IntakeRequest): Promise<IntakeResult> {
  const gone = await keepUploads(ctx, { batchId, tenant: request.tenant, uploadIds: uploadIdsOf(request) });
  if (gone.length > 0) return { kind: 'uploads-gone', uploadIds: gone };
  for (let first = 0; first < request.files.length; first += chunkSize) {
    const inputs = request.files.slice(first, first + chunkSize).map((input) => JSON.stringify(input));
    const added = await ctx.scripts['intake-chunk'](batchId, first, leaseMs, newFileProgress, ...inputs);
    if (added !== 1) return { kind: 'dropped' };
    ctx.reach('intake: chunk added');
    await nextTurn();
  }
  return accept(ctx, batchId, request);
}

async function open(ctx: Context, batchId: string, request: IntakeRequest): Promise<IntakeResult | null> {
  const { keyHash, bodyHash } = request.idempotency ?? { keyHash: '', bodyHash: '' };
  const fields = JSON.stringify(newBatchFields(ctx, request));
  const reply = await ctx.scripts['intake-open'](request.tenant, keyHash, bodyHash, batchId, leaseMs, fields);
  const [kind, rest] = reply as ['opened' | 'loading' | 'mismatch' | 'answered', string];
  if (kind === 'opened') return null;
  return kind === 'answered' ? { kind, answer: rest } : { kind };
}

async function accept(ctx: Context, batchId: string, request: IntakeRequest): Promise<IntakeResult> {
  const loading = await readBatch(ctx, batchId, { loading: true });
  if (loading === null) return { kind: 'dropped' };
  const answer = request.answerOf(loading);
  ctx.reach('intake: before accept');
  const accepted = await ctx.scripts['intake-accept'](batchId, request.tenant, answer);
  await ctx.replication.confirm();
  return accepted === 1 ? { kind: 'accepted', batchId, answer } : { kind: 'dropped' };
}

/** Name, value, … of the batch's hash: what the scripts rely on from the first moment. */
function newBatchFields(ctx: Context, request: IntakeRequest): string[] {
  const { spec, files, maxCredits } = request;
  const retentionMs = Math.round(ctx.config.retentionDays * 86_400_000);
  const counts = fileStatuses.flatMap((status) => [`n:${status}`, status === 'queued' ? String(files.length) : '0']);
  const fields = {
    tenant: request.tenant,
    spec: JSON.stringify(spec),
    total: String(files.length),
    round: '1',
    canceled_round: '0',
    closed: '0',
    paused: '0',
    marks: '0',
    popped: '0',
    sequence: '0',
    episode: '0',
    paid_sessions: '0',
    estimated: String(request.estimatedCredits),
    retention_ms: String(retentionMs),
    ...(spec.maxSessions === null ? {} : { lanes: String(spec.maxSessions) }),
    ...(spec.order === 'longest_first' ? { sizing: '1' } : {}),
    ...(maxCredits === null ? {} : { max_credits: String(maxCredits) }),
    // A comma at both ends, so that the scripts can look for ",batch.failed,".
    ...(spec.webhook === null ? {} : { hooks: `,${spec.webhook.events.join(',')},` }),
  };
  return [...Object.entries(fields).flat(), ...counts];
}

function uploadIdsOf({ spec, files }: IntakeRequest): string[] {
  const sources = [...spec.assets, ...files.flatMap((file) => [file.source, ...file.assets])];
  return [...new Set(sources.flatMap((source) => (source.kind === 'upload' ? [source.uploadId] : [])))];
}
