/** Batches for tests of what happens at once: taken in by the real intake, files brought anywhere by the real `advance`. */
import assert from 'node:assert/strict';
import { advance } from '../../src/shared/advance.ts';
import type { Context } from '../../src/shared/context.ts';
import type { FileEvent } from '../../src/shared/domain/events.ts';
import { fileId } from '../../src/shared/ids.ts';
import { takeIn } from '../../src/shared/intake.ts';
import { loadFile, type LoadedFile } from '../../src/shared/load-file.ts';

export interface BatchOptions {
  readonly files: number;
  readonly tenant?: string;
  readonly lanes?: number;
  readonly maxCredits?: number | null;
  readonly events?: readonly ('batch.completed' | 'batch.failed' | 'batch.canceled' | 'file.failed')[];
}

export async function newBatch(
  ctx: Context,
  { files, tenant = 'acme', lanes, maxCredits = null, events }: BatchOptions,
): Promise<string> {
  const result = await takeIn(ctx, {
    tenant,
    spec: {
      name: null,
      instructions: ['mute'],
      language: 'en',
      assets: [],
      maxSessions: lanes ?? null,
      order: 'as_given',
      metadata: {},
      webhook: events === undefined ? null : { url: 'http://127.0.0.1:9/', secret: null, events: [...events] },
      requestId: null,
      traceparent: null,
    },
    files: Array.from({ length: files }, (_, index) => ({
      name: `${index}.mp4`,
      customId: null,
      source: { kind: 'url' as const, url: 'https://media.example/a.mp4' },
      instructions: null,
      assets: [],
      metadata: {},
      destination: null,
    })),
    idempotency: null,
    estimatedCredits: 0,
    maxCredits,
    answerOf: () => '{}',
  });
  assert.ok(result.kind === 'accepted');
  return result.batchId;
}

export async function load(ctx: Context, batchId: string, index: number): Promise<LoadedFile> {
  const loaded = await loadFile(ctx, fileId(batchId, index));
  if (typeof loaded === 'string') throw new Error(loaded);
  return loaded;
}

/** As the present run would tell it, or, for `admitted`, as admission does. False: it changed nothing. */
export async function tell(ctx: Context, batchId: string, index: number, event: Told): Promise<boolean> {
  if (event.type === 'admitted') await ctx.redis.lrem(ctx.keys.waiting(batchId), 0, String(index));
  const { file } = await load(ctx, batchId, index);
  // What no run does carries no run.
  const run = event.type === 'admitted' || event.type === 'unparked' ? {} : { run: file.run };
  const moved = await advance(ctx, file.id, { ...run, ...event } as FileEvent);
  return moved.kind === 'saved';
}

type Told = { readonly type: FileEvent['type'] } & Readonly<Record<string, unknown>>;

const read = (fingerprint: string) => ({
  type: 'state-read' as const,
  read: { fingerprint, steady: true, media: 1, generatedMedia: 0, renderable: true, timeline: null },
});

/** From queued to completed, through each state but parked and checking. */
export const wholeWay: readonly Told[] = [
  { type: 'admitted', session: null, lane: null },
  { type: 'session-created', session: { id: 's', taskId: null, account: 'a', paid: false } },
  { type: 'uploaded', item: 0 },
  { ...read('before'), type: 'turn-sent', turnId: 't' },
  { type: 'turn-ended', turnId: 't', seen: true, reply: 'done', tools: [], error: null },
  read('after'),
  read('after'),
  { type: 'render-planned', renderId: 'render_1' },
  { type: 'render-submitted' },
  { type: 'rendered', output: { url: 'https://media.example/o.mp4', renderId: 'render_1', durationMs: 1, bytes: 1 } },
];

/** The place in `wholeWay` after which a file is there. */
export const after = (type: FileEvent['type']): number => wholeWay.findIndex((event) => event.type === type) + 1;

/** Brings a file along the way, up to so many events. */
export async function bring(ctx: Context, batchId: string, index: number, count: number): Promise<void> {
  for (const event of wholeWay.slice(0, count)) assert.ok(await tell(ctx, batchId, index, event), event.type);
}

/** Goes on along the way as far as it is let. */
export async function goOn(
  ctx: Context,
  batchId: string,
  index: number,
  from: number,
  to = wholeWay.length,
): Promise<void> {
  for (const event of wholeWay.slice(from, to)) await tell(ctx, batchId, index, event);
}
