/**
 * The one event stream of a page: what on it is old now. It names rows and never carries them, so that thousands of
 * changes a second cost a list of numbers; the page fetches those of them that can be seen.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SSEReplyInterface } from '@fastify/sse';
import type { LiveProgress } from '../shared/live-progress.ts';
import { readBatch } from '../shared/read-batch.ts';
import type { ApiContext } from './api-context.ts';
import { mayTouch, tenantOf, type Caller } from './auth.ts';
import { toRow } from './dashboard-batches.ts';
import type { DashboardFeed } from './dashboard-feed.ts';
import type { ReadOverview } from './dashboard-overview.ts';
import type { LiveMessages } from './dashboard-wire.ts';
import { lastEventId, readChanges } from './read-events.ts';

/** Changes are gathered for so long: four times a second is as fast as anybody reads. */
const gatherMs = 250;
/** The page takes a longer silence for a lost connection. */
const pulseMs = 2000;
/** Whoever watches is asked for the login again after this: the page reconnects by itself. */
const longestMs = 15 * 60_000;
/** More rows than that on one screen are fetched as a page. */
const mostNamed = 5000;

export type View = { readonly kind: 'overview' | 'batches' } | { readonly kind: 'batch'; readonly id: string };

export interface LiveStream {
  readonly view: View;
  readonly caller: Caller;
  readonly sse: SSEReplyInterface;
}

interface Pending {
  readonly batches: Set<string>;
  readonly progress: Map<string, LiveProgress>;
  missed: boolean;
  ended: boolean;
}

export async function sendLive(
  ctx: ApiContext,
  around: { readonly feed: DashboardFeed; readonly overview: ReadOverview },
  stream: LiveStream,
): Promise<void> {
  const pending: Pending = { batches: new Set(), progress: new Map(), missed: false, ended: false };
  const { view } = stream;
  const stop = around.feed.watch({
    changed: (batchId) => {
      if (view.kind === 'batches' || (view.kind === 'batch' && view.id === batchId)) pending.batches.add(batchId);
    },
    progressed: (progress) => {
      if (view.kind === 'batch' && view.id === progress.batch_id) pending.progress.set(progress.file_id, progress);
    },
    missed: () => (pending.missed = true),
    end: () => (pending.ended = true),
  });
  stream.sse.onClose(() => (pending.ended = true));
  try {
    await run(ctx, around.overview, stream, pending);
  } finally {
    stop();
  }
}

async function run(ctx: ApiContext, overview: ReadOverview, stream: LiveStream, pending: Pending): Promise<void> {
  const { view, caller } = stream;
  const startedAt = performance.now();
  let at = view.kind === 'batch' ? await lastEventId(ctx, { kind: 'batch', batchId: view.id }) : '';
  let pulsedAt = -Infinity;
  await send(stream, 'hello', { now: ctx.account.gate.redisNow() });
  while (!pending.ended && stream.sse.isConnected && performance.now() - startedAt < longestMs) {
    if (performance.now() - pulsedAt >= pulseMs) {
      pulsedAt = performance.now();
      // On every page: its header says how things are.
      await send(stream, 'overview', await overview(tenantOf(caller)));
    }
    if (view.kind === 'batches') await tellBatches(ctx, stream, pending);
    if (view.kind === 'batch') at = await tellFiles(ctx, { stream, pending, batchId: view.id, at });
    await delay(gatherMs);
  }
}

async function tellBatches(ctx: ApiContext, stream: LiveStream, pending: Pending): Promise<void> {
  if (pending.batches.size === 0 && !pending.missed) return;
  const ids = [...pending.batches].slice(0, mostNamed);
  for (const id of ids) pending.batches.delete(id);
  pending.missed = false;
  await send(stream, 'batches', { ids: await visibleOnes(ctx, stream.caller, ids) });
}

/** Ids of other tenants' batches are none of this reader's business. */
async function visibleOnes(ctx: ApiContext, caller: Caller, ids: readonly string[]): Promise<string[]> {
  if (caller.role === 'admin' || ids.length === 0) return [...ids];
  const pipeline = ctx.redis.pipeline();
  for (const id of ids) pipeline.hget(ctx.keys.batch(id), 'tenant');
  const tenants = (await pipeline.exec()) ?? [];
  return ids.filter((_, at) => {
    const tenant = tenants[at]?.[1];
    return typeof tenant === 'string' && mayTouch(caller, tenant);
  });
}

async function tellFiles(
  ctx: ApiContext,
  { stream, pending, batchId, at }: { stream: LiveStream; pending: Pending; batchId: string; at: string },
): Promise<string> {
  if (pending.progress.size > 0) {
    const latest = [...pending.progress.values()];
    pending.progress.clear();
    await send(stream, 'progress', latest);
  }
  if (!pending.batches.has(batchId) && !pending.missed) return at;
  pending.batches.clear();
  pending.missed = false;
  const watched = { kind: 'batch', batchId } as const;
  const changes = await readChanges(ctx, watched, at);
  if (changes === null) return at;
  const next = changes === 'gap' ? await lastEventId(ctx, watched) : changes.lastId;
  const indexes = changes === 'gap' ? [] : changes.changes.flatMap(({ index }) => index ?? []);
  await send(stream, 'files', { indexes, all: changes === 'gap' });
  const batch = await readBatch(ctx, batchId);
  await send(stream, 'batch', { batch: batch === null ? null : toRow(ctx, batch) });
  // One read takes a bounded part of what is there.
  if (changes !== 'gap' && changes.changes.length > 0) pending.batches.add(batchId);
  return next;
}

async function send<Name extends keyof LiveMessages>(
  { sse }: LiveStream,
  event: Name,
  data: LiveMessages[Name],
): Promise<void> {
  if (sse.isConnected) await sse.send({ event, data: JSON.stringify(data) });
}
