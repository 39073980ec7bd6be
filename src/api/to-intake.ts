/** Makes what intake stores of a judged request; touches nothing, but lets others in between thousands of files. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BatchSpec, WebhookEvent } from '../shared/domain/batch.ts';
import { webhookEvents } from '../shared/domain/batch.ts';
import type { FileInput, Source } from '../shared/domain/file.ts';
import type { BatchRequest, FileRequest } from './batches.schema.ts';
import type { JudgedBatch } from './judge-batch.ts';
import { pointerTo, type PathPart } from './pointer.ts';

export interface ToBeTakenIn {
  readonly spec: BatchSpec;
  readonly files: readonly FileInput[];
}

const filesAtOnce = 1000;

/** Where the request came from: kept with the batch, and told to its receiver. */
export type Origin = Required<Pick<BatchSpec, 'requestId' | 'traceparent'>>;

export async function toIntake({ request, sources }: JudgedBatch, origin: Origin): Promise<ToBeTakenIn> {
  const files: FileInput[] = [];
  for (const [at, file] of request.files.entries()) {
    files.push(toFileInput(file, at, sources));
    if (at % filesAtOnce === filesAtOnce - 1) await nextTurn();
  }
  return {
    spec: {
      name: request.name ?? null,
      instructions: request.instructions ?? [],
      language: request.language ?? 'en',
      assets: sourcesOf(request.assets, ['assets'], sources),
      maxSessions: request.max_sessions ?? null,
      order: request.order ?? 'as_given',
      metadata: request.metadata ?? {},
      webhook: toWebhook(request.webhook),
      ...origin,
    },
    files,
  };
}

function toWebhook(webhook: BatchRequest['webhook']): BatchSpec['webhook'] {
  if (webhook == null) return null;
  return { url: webhook.url, secret: webhook.secret ?? null, events: [...new Set(webhook.events ?? batchEvents)] };
}

const batchEvents: readonly WebhookEvent[] = webhookEvents.filter((event) => event.startsWith('batch.'));

function toFileInput(file: FileRequest, at: number, sources: JudgedBatch['sources']): FileInput {
  const source = resolved(['files', at, 'source'], sources);
  return {
    name: file.name ?? nameOf(source, at),
    customId: file.custom_id ?? null,
    source,
    instructions: file.instructions ?? null,
    assets: sourcesOf(file.assets, ['files', at, 'assets'], sources),
    metadata: file.metadata ?? {},
    destination: file.destination == null ? null : { putUrl: file.destination.put_url },
  };
}

export function sourcesOf(
  assets: readonly unknown[] | null | undefined,
  path: readonly PathPart[],
  sources: JudgedBatch['sources'],
): Source[] {
  return (assets ?? []).map((_, at) => resolved([...path, at], sources));
}

function resolved(path: readonly PathPart[], sources: JudgedBatch['sources']): Source {
  const source = sources.get(pointerTo(path));
  if (source === undefined) throw new Error(`nothing was resolved at ${pointerTo(path)}`);
  return source;
}

const maxNameChars = 255;

function nameOf(source: Source, at: number): string {
  if (source.kind !== 'url') return source.name;
  const last = new URL(source.url).pathname.split('/').at(-1) ?? '';
  const name = decoded(last)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}/\\]/gu, '')
    .trim();
  return name === '' ? `file-${at + 1}` : name.slice(-maxNameChars);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not percent-encoded after all: shown as it is
  }
}
