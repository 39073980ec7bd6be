/** A whole context on a real Redis under a prefix of its own, with batches taken in by the real scripts. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { advance } from '../../../src/shared/advance.ts';
import { readConfig } from '../../../src/shared/config/config.ts';
import type { Context } from '../../../src/shared/context.ts';
import type { BatchSpec } from '../../../src/shared/domain/batch.ts';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import { fileId, newBatchId } from '../../../src/shared/ids.ts';
import { createLog } from '../../../src/shared/log.ts';
import { loadFile } from '../../../src/shared/load-file.ts';
import { closeQueues, openQueues } from '../../../src/shared/queues.ts';
import { createKeys } from '../../../src/shared/redis/keys.ts';
import { createScripts } from '../../../src/shared/redis/scripts.ts';
import { createSpecCache } from '../../../src/shared/spec-cache.ts';
import { newFileProgress } from '../../../src/shared/stored-file.ts';
import { openWebhookSender } from '../../../src/shared/webhook/webhook-sender.ts';

export const secret = `whsec_${Buffer.from('a secret that is long enough').toString('base64')}`;

export interface Opened {
  readonly ctx: Context;
  readonly close: () => Promise<void>;
}

/** Retries at once and private addresses allowed, unless the test says otherwise. */
export function openWebhookContext(
  socketPath: string,
  environment: Record<string, string> = {},
  prefix = `test-${randomBytes(6).toString('hex')}`,
): Opened {
  const config = readConfig(
    { WEBHOOK_RETRY_MS: '0,0,0', WEBHOOK_TIMEOUT_MS: '2000', WEBHOOK_ALLOW_PRIVATE: 'true', ...environment },
    '/srv/app',
  );
  const redis = new Redis(socketPath, { maxRetriesPerRequest: null });
  const keys = createKeys(prefix);
  const queues = openQueues(redis, keys.tag);
  const webhooks = openWebhookSender(config);
  const ctx: Context = {
    config,
    log: createLog({ level: 'silent' }),
    redis,
    keys,
    scripts: createScripts(redis, keys),
    queues,
    policy: config,
    specs: createSpecCache(),
    webhooks,
    accountId: 'account',
    random: () => 0.5,
  };
  const close = async (): Promise<void> => {
    await closeQueues(queues);
    await webhooks.close();
    redis.disconnect();
  };
  return { ctx, close };
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
  };
  const counts = ['total', files, 'n:queued', files];
  const fields = ['tenant', tenant, 'round', 1, 'retention_ms', 60_000, 'hooks', `,${events.join(',')},`, ...counts];
  const stored = JSON.stringify([...fields, 'spec', JSON.stringify(spec)].map(String));
  await ctx.scripts['intake-open'](tenant, '', '', batch, 60_000, stored);
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

/** Tells a file what happened to it, as its present run would. */
export async function tell(ctx: Context, batch: string, index: number, ...events: Told<FileEvent>[]): Promise<void> {
  const id = fileId(batch, index);
  for (const event of events) {
    const loaded = await loadFile(ctx, id);
    if (typeof loaded === 'string') throw new Error(loaded);
    const advanced = await advance(ctx, id, { run: loaded.file.run, ...event } as FileEvent);
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
  ({ type: 'state-read', read: { fingerprint, generatedMedia: 0, renderable: true, timeline: null } }) as const;

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
