/** Ways of a batch on which a worker dies: the plain one, and those that a fault of somebody else opens. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from './arena.ts';
import { hasEnded, instructions, post, readBatch, send } from './caller.ts';
import type { Scene, Story } from './scene.ts';

/** Pauses as soon as a turn is under way: what it would begin next is held. */
async function pause({ arena }: Scene, batchId: string): Promise<null> {
  await until('a turn', async () => {
    const batch = await readBatch(arena, batchId);
    return hasEnded(batch) || (batch.counts['editing'] ?? 0) > 0;
  });
  await send(`${arena.api}/batches/${batchId}/pause`, {});
  return null;
}

async function resume({ arena }: Scene, batchId: string): Promise<string> {
  // Time for the healthy worker to run into the pause as well.
  await delay(300);
  await send(`${arena.api}/batches/${batchId}/resume`, {});
  return batchId;
}

/** A batch that nobody lets go on, and whose retention is over now. */
async function outlived({ arena, point }: Scene): Promise<string> {
  const id = await post(arena, 2, point);
  await send(`${arena.api}/batches/${id}/pause`, {});
  await arena.ctx.redis.zadd(arena.ctx.keys.openRounds(), 1, id);
  return id;
}

/** Retried at the render, where there is nothing to render still. */
async function emptied({ arena, point }: Scene): Promise<string> {
  const first = await arena.openWorker();
  const id = await post(arena, 1, point, { instructions: ['mute'] });
  await until('nothing to render', async () => hasEnded(await readBatch(arena, id)));
  await first.close();
  await send(`${arena.api}/batches/${id}/retry`, {});
  return id;
}

/** Design §4 "Lanes": the first turn of a file names it in full. */
const inLane = (name: string): string[] =>
  instructions.map((text, at) =>
    at === 0 ? `Work on ${name} alone, in place of what is on the timeline: ${text}` : `${name}: ${text}`,
  );

export const workerStories = {
  plain: { victim: 'worker' },
  lane: {
    victim: 'worker',
    batch: () => ({ max_sessions: 1 }),
    expect: { applied: () => [...inLane('0.mp4'), ...inLane('1.mp4')], mostRenders: 2 },
  },
  cut: {
    victim: 'worker',
    faults: [{ name: 'sse-cut-applied-later', match: { text: 'mute' }, params: { at: 0.5, afterMs: 200 } }],
  },
  limited: {
    victim: 'worker',
    // A refusal that nobody lived to save.
    mayBeUnconfirmed: true,
    faults: [
      { name: 'rate-limited', match: { endpoint: 'state' }, skip: 1 },
      { name: 'rate-limited', match: { endpoint: 'run_sse' } },
    ],
  },
  unsureUpload: { victim: 'worker', faults: [{ name: 'upload-not-applied' }] },
  noCredits: {
    victim: 'worker',
    mayBeUnconfirmed: true,
    faults: [{ name: 'out-of-credits', match: { endpoint: 'run_sse' } }],
    expect: { told: ['batch.blocked', 'batch.completed'] },
  },
  refused: { victim: 'worker', answers: { '/put': [403] }, expect: { failures: ['delivery_failed'] } },
  rerender: { victim: 'worker', faults: [{ name: 'render-failed' }], expect: { mostRenders: 2 } },
  sized: { victim: 'worker', batch: () => ({ order: 'longest_first' }) },
  unheard: { victim: 'worker', answers: { '/hook': [500] } },
  gone: {
    victim: 'worker',
    files: 1,
    batch: (arena) => ({ files: [{ source: { url: `${new URL(arena.receiverUrl).origin}/gone.mp4` } }] }),
    expect: { status: 'failed', failures: ['source_unreachable'], told: ['batch.failed'] },
  },
  tokenDies: {
    victim: 'worker',
    files: 4,
    // All of them find the token dead while the first renewal is under way.
    faults: [
      { name: 'token-expires', match: { endpoint: 'state' } },
      { name: 'slow', match: { endpoint: 'anonymous-token' }, times: null, params: { delayMs: 400 } },
    ],
    mostTokens: 2,
  },
  takenOver: { victim: 'worker', before: 'turn: fenced, not sent', mayBeUnconfirmed: true },
  uploadTakenOver: { victim: 'worker', before: 'save uploaded: before' },
  swept: { victim: 'worker', before: 'save admitted: saved, not enqueued' },
  paused: { victim: 'worker', ask: pause, after: resume },
  empty: {
    victim: 'worker',
    files: 1,
    faults: [{ name: 'draft-missing', match: { endpoint: 'state' }, times: null }],
    begin: emptied,
    expect: { status: 'failed', round: 2, failures: ['nothing_to_render'], told: ['batch.failed'] },
  },
  expires: {
    victim: 'worker',
    begin: outlived,
    expect: { status: 'failed', failures: ['expired'], told: ['batch.failed'] },
  },
} satisfies Record<string, Story>;
