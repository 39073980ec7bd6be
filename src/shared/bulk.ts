/**
 * Bulk actions on a batch: set a mark in one script, then work it off file by file. A mark that is left by a crash is
 * worked off again by the sweeper; doing it twice, or both at once, changes nothing more.
 */
import { z } from 'zod';
import { advance } from './advance.ts';
import type { Context } from './context.ts';
import type { FileEvent } from './domain/events.ts';
import type { FileStatus } from './domain/file-state.ts';
import type { FileRecord } from './domain/file.ts';
import { fileId } from './ids.ts';
import { unlessNewer } from './leave-to-newer.ts';
import { enqueueNotify } from './queues.ts';
import { readFiles, type FileView } from './read-file.ts';

/** `expire` is the sweeper's own; callers ask for the others. */
export type BulkAction = 'cancel' | 'pause' | 'resume' | 'retry' | 'expire';
type WorkedOff = Exclude<BulkAction, 'pause'>;

export interface BulkArguments {
  /** retry: only these; absent: all failed ones. */
  readonly indexes?: readonly number[];
  /** resume: the new bound. */
  readonly maxCredits?: number;
}

export type Marked =
  | { readonly kind: 'missing' }
  /** `ended`: the batch is over. `canceled`: it was, or is being, canceled. */
  | { readonly kind: 'conflict'; readonly why: 'ended' | 'canceled' }
  | { readonly kind: 'ok'; readonly hasWork: boolean };

const markReplySchema = z.union([
  z.tuple([z.literal('missing')]),
  z.tuple([z.literal('conflict'), z.enum(['ended', 'canceled'])]),
  z.tuple([z.literal('ok'), z.enum(['0', '1'])]),
]);

export async function markBatch(
  ctx: Context,
  batchId: string,
  action: BulkAction,
  { indexes, maxCredits }: BulkArguments = {},
): Promise<Marked> {
  ctx.reach(`bulk ${action}: asked, not marked`);
  const argument = action === 'retry' ? indexes && JSON.stringify(indexes) : maxCredits;
  const reply = markReplySchema.parse(await ctx.scripts.mark(batchId, action, argument ?? ''));
  if (reply[0] === 'missing') return { kind: 'missing' };
  if (reply[0] === 'conflict') return { kind: 'conflict', why: reply[1] };
  return { kind: 'ok', hasWork: reply[1] === '1' };
}

/** How many files are moved at once: enough to fill a pipeline, few enough for other requests to get in between. */
const concurrency = 50;
const chunkSize = 500;
/** A file that moved from one status to the next while we looked is met on the next pass. */
const mostPasses = 10;

const members = z.array(z.coerce.number());

/** Works off every mark of a batch, then lets its round end. */
export async function workOffMarks(ctx: Context, batchId: string): Promise<void> {
  for (const action of ['cancel', 'expire', 'resume', 'retry'] as const) {
    // Asked for again meanwhile: worked off again, or who came to it last would find no mark and nothing done.
    while ((await workOffOnce(ctx, batchId, action)) === 'again');
  }
}

const unmarkReplySchema = z.tuple([z.enum(['again', 'done'])]).rest(z.string());

async function workOffOnce(ctx: Context, batchId: string, action: WorkedOff): Promise<'again' | 'done'> {
  const asked = (await ctx.redis.hget(ctx.keys.batch(batchId), `asked:${action}`)) ?? '';
  if ((await ctx.redis.sismember(ctx.keys.marks(), `${action} ${batchId}`)) === 0) return 'done';
  ctx.reach(`bulk ${action}: marked, not worked off`);
  // Not done: the mark stays for the sweeper, and so does the round.
  if (!(await workOff[action](ctx, batchId))) return 'done';
  ctx.reach(`bulk ${action}: worked off, not unmarked`);
  const [end, ...deliveries] = unmarkReplySchema.parse(await ctx.scripts.unmark(batchId, action, asked));
  ctx.reach(`bulk ${action}: unmarked, not enqueued`);
  for (const id of deliveries) await notify(ctx, id);
  ctx.reach(`bulk ${action}: done`);
  return end;
}

/** A failure to enqueue loses nothing: the sweeper finds the delivery by its due time. */
async function notify(ctx: Context, id: string): Promise<void> {
  try {
    await enqueueNotify(ctx.queues, { id, run: 0, delayMs: ctx.config.webhookRetryMs[0] ?? 0 });
  } catch (error) {
    ctx.log.warn({ err: error, delivery_id: id }, 'not enqueued; the sweeper will');
  }
}

/** Each says whether it has reached every file. */
const workOff: Readonly<Record<WorkedOff, (ctx: Context, batchId: string) => Promise<boolean>>> = {
  cancel: (ctx, batchId) => endAll(ctx, batchId, { type: 'canceled' }),
  expire: (ctx, batchId) => endAll(ctx, batchId, { type: 'expired' }),
  resume: (ctx, batchId) => resume(ctx, batchId).then(() => true),
  retry: (ctx, batchId) => retry(ctx, batchId).then(() => true),
};

/** In flight first: those hold slots and call the upstream. */
const endingOrder: readonly FileStatus[] = [
  'uploading',
  'editing',
  'checking',
  'rendering',
  'delivering',
  'parked',
  'queued',
];

/**
 * A pass may find nothing and miss a file all the same, one that moves from a status not looked at yet to one that was:
 * the counters tell. They only fall, as nothing of such a batch begins again. What only a newer release may move
 * is left, and the mark with it.
 */
async function endAll(ctx: Context, batchId: string, event: FileEvent): Promise<boolean> {
  for (let pass = 0; pass < mostPasses; pass += 1) {
    let left = 0;
    for (const status of endingOrder) left += await forEachOf(ctx, batchId, status, event);
    const unended = await unfinished(ctx, batchId);
    if (unended === 0) return true;
    if (unended === left) return false;
  }
  return false;
}

async function unfinished(ctx: Context, batchId: string): Promise<number> {
  const fields = endingOrder.map((status) => `n:${status}`);
  const counts = await ctx.redis.hmget(ctx.keys.batch(batchId), ...fields);
  return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
}

/** What a pause holds, and what max_credits parked: both find out themselves when they are stopped again. */
async function resume(ctx: Context, batchId: string): Promise<void> {
  const held = members.parse(await ctx.redis.smembers(ctx.keys.held(batchId)));
  await advanceAll(ctx, batchId, held, { type: 'released' });
  const parked = members.parse(await ctx.redis.zrange(ctx.keys.status(batchId, 'parked'), '0', '-1'));
  for (let first = 0; first < parked.length; first += chunkSize) {
    const views = await readKnown(ctx, batchId, parked.slice(first, first + chunkSize));
    const stopped = views.flatMap(({ file }) => (isParkedForMaxCredits(file) ? [file.index] : []));
    await advanceAll(ctx, batchId, stopped, { type: 'unparked' });
  }
}

/** One that a newer release has written, and nobody here can read, hides no other. */
async function readKnown(ctx: Context, batchId: string, indexes: readonly number[]): Promise<FileView[]> {
  const views = await unlessNewer(readFiles(ctx, batchId, indexes));
  if (views !== 'newer') return views;
  const singly = await Promise.all(indexes.map((index) => unlessNewer(readFiles(ctx, batchId, [index]))));
  return singly.flatMap((view) => (view === 'newer' ? [] : view));
}

/** Others wait for the account, which a resume does not change. */
const isParkedForMaxCredits = ({ state }: FileRecord): boolean =>
  state.status === 'parked' && state.reason === 'max_credits';

async function retry(ctx: Context, batchId: string): Promise<void> {
  const list = await ctx.redis.get(ctx.keys.retryList(batchId));
  if (list === null) await forEachOf(ctx, batchId, 'failed', { type: 'retried' });
  else await advanceAll(ctx, batchId, members.parse(JSON.parse(list)), { type: 'retried' });
}

/**
 * Walks by index: what comes back to the status behind us (a retry that failed again) is not met twice. Returns how
 * many were left to a newer release.
 */
async function forEachOf(ctx: Context, batchId: string, status: FileStatus, event: FileEvent): Promise<number> {
  const key = ctx.keys.status(batchId, status);
  let after = -1;
  let left = 0;
  for (;;) {
    const indexes = members.parse(await ctx.redis.zrange(key, `(${after}`, '+inf', 'BYSCORE', 'LIMIT', 0, chunkSize));
    const last = indexes.at(-1);
    if (last === undefined) return left;
    left += await advanceAll(ctx, batchId, indexes, event);
    after = last;
  }
}

/** One file that cannot be moved must not keep the others from it: returns how many were left to a newer release. */
async function advanceAll(
  ctx: Context,
  batchId: string,
  indexes: readonly number[],
  event: FileEvent,
): Promise<number> {
  const rest = indexes[Symbol.iterator]();
  let newer = 0;
  const work = async (): Promise<void> => {
    for (const index of rest) {
      if ((await unlessNewer(advance(ctx, fileId(batchId, index), event))) === 'newer') newer += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  if (newer > 0) ctx.log.warn({ batch_id: batchId, files: newer }, 'left to the release that wrote them');
  return newer;
}
