/** A whole context on a real Redis under a prefix of its own, with batches taken in by the real scripts. */
import { advance } from '../../../src/shared/advance.ts';
import type { Context } from '../../../src/shared/context.ts';
import type { BatchSpec } from '../../../src/shared/domain/batch.ts';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import { fileId, newBatchId } from '../../../src/shared/ids.ts';
import { loadFile } from '../../../src/shared/load-file.ts';
import { newFileProgress } from '../../../src/shared/stored-file.ts';
import { openTestContext } from '../../open-test-context.ts';
import { newPrefix } from '../../redis-server.ts';

export const secret = `whsec_${Buffer.from('a secret that is long enough').toString('base64')}`;

export interface Opened {
  readonly ctx: Context;
  readonly close: () => Promise<void>;
}

/** Retries at once and private addresses allowed, unless the test says otherwise. */
export async function openWebhookContext(
  socketPath: string,
  environment: Record<string, string> = {},
  prefix = newPrefix(),
): Promise<Opened> {
  return openTestContext(socketPath, {
    WEBHOOK_RETRY_MS: '0,0,0',
    WEBHOOK_TIMEOUT_MS: '2000',
    WEBHOOK_ALLOW_PRIVATE: 'true',
    REDIS_PREFIX: prefix,
    ...environment,
  });
}

export interface BatchOptions {
  readonly url: string;
  readonly files?: number;
  readonly events?: NonNullable<BatchSpec['webhook']>['events'];
  readonly secret?: string | null;
  readonly tenant?: string;
  readonly metadata?: Record<string, unknown>;
}

/** An accepted batch of files with one instruction each. */
export async function takeIn(ctx: Context, options: BatchOptions): Promise<string> {
  const { files = 1, events = ['batch.completed', 'batch.failed', 'batch.canceled', 'batch.blocked'] } = options;
  const { url, tenant = 'acme', metadata = { order: 7 } } = options;
  const batch = newBatchId();
  const spec: BatchSpec = {
    name: null,
    instructions: ['trim the first 3 seconds'],
    language: 'en',
    assets: [],
    maxSessions: null,
    order: 'as_given',
    metadata,
    webhook: { url, secret: options.secret === undefined ? secret : options.secret, events },
    requestId: null,
    traceparent: null,
  };
  const counts = ['total', files, 'n:queued', files];
  const fields = ['tenant', tenant, 'round', 1, 'retention_ms', 600_000, 'hooks', `,${events.join(',')},`, ...counts];
  const stored = JSON.stringify([...fields, 'spec', JSON.stringify(spec)].map(String));
  await ctx.scripts['intake-open'](tenant, '', '', batch, 60_000, stored, files, 1_000_000);
  const inputs = Array.from({ length: files }, (_, index) =>
    JSON.stringify({
      name: `${index}.mp4`,
      customId: null,
      source: { kind: 'url', url: 'https://media.example/a.mp4' },
      instructions: null,
      assets: [],
      metadata: {},
      destination: null,
    }),
  );
  await ctx.scripts['intake-chunk'](batch, 0, 60_000, newFileProgress, ...inputs);
  await ctx.scripts['intake-accept'](batch, tenant, '');
  return batch;
}

type Told<E> = E extends { readonly run: number } ? Omit<E, 'run'> : E;

/** What no run does carries no run. */
const isOfRun = (type: FileEvent['type']): boolean => !['admitted', 'released', 'unparked', 'retried'].includes(type);

/** Tells a file what happened to it, as its present run would. */
export async function tell(ctx: Context, batch: string, index: number, ...events: Told<FileEvent>[]): Promise<void> {
  const id = fileId(batch, index);
  for (const event of events) {
    const loaded = await loadFile(ctx, id);
    if (typeof loaded === 'string') throw new Error(loaded);
    const run = isOfRun(event.type) ? { run: loaded.file.run } : {};
    const advanced = await advance(ctx, id, { ...run, ...event } as FileEvent);
    if (advanced.kind !== 'saved') throw new Error(`${event.type} changed nothing`);
  }
}

const admitted = { type: 'admitted', session: null, lane: null } as const;

export const failing = [
  admitted,
  { type: 'step-refused', code: 'source_unreachable', detail: 'HTTP 404' },
] satisfies Told<FileEvent>[];

export const parking = [admitted, { type: 'parked', reason: 'out_of_credits' }] satisfies Told<FileEvent>[];

const read = (fingerprint: string) =>
  ({
    type: 'state-read',
    read: { fingerprint, steady: true, media: 1, generatedMedia: 0, renderable: true, timeline: null },
  }) as const;

export const completing = [
  admitted,
  { type: 'session-created', session: { id: 's1', taskId: null, account: 'account', paid: false } },
  { type: 'uploaded', item: 0 },
  { type: 'turn-sent', turnId: 't1', read: read('before').read },
  { type: 'turn-ended', turnId: 't1', seen: true, reply: 'done', tools: [], error: null },
  read('after'),
  read('after'),
  { type: 'render-planned', renderId: 'r1' },
  {
    type: 'rendered',
    output: { url: 'https://media.example/out.mp4', renderId: 'r1', durationMs: 3000, bytes: 1000 },
  },
] satisfies Told<FileEvent>[];
