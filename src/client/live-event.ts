/** One SSE message of a batch → what it says. Names that this client does not know are left out, not refused. */
import type { EventSourceMessage } from 'eventsource-parser';
import { z } from 'zod';
import { batchSchema, type BatchResource } from '../api/batches.schema.ts';
import { fileSchema, type FileResource } from '../api/files.schema.ts';
import { unexpectedAnswer } from './to-service-error.ts';

const progressSchema = z.object({ file_id: z.string(), progress: z.number(), note: z.string().nullish() });

/** With the `id` that resumes after it (`lastEventId`), where it has one. */
export type LiveEvent = LiveFacts & { readonly id?: string };

type LiveFacts =
  /** The batch as it is; the files have to be paged (again). */
  | { readonly type: 'snapshot'; readonly batch: BatchResource }
  /** What was missed is too old to be replayed; a snapshot follows. */
  | { readonly type: 'reset' }
  | { readonly type: 'batch'; readonly batch: BatchResource }
  | { readonly type: 'file'; readonly file: FileResource }
  | { readonly type: 'progress'; readonly fileId: string; readonly progress: number; readonly note: string | null }
  /** The connection is gone and being opened again. */
  | { readonly type: 'lost' }
  /** It is there again; what was missed follows. */
  | { readonly type: 'opened' };

export function toLiveEvent(message: EventSourceMessage): LiveEvent | null {
  const facts = toFacts(message);
  return facts === null || message.id === undefined ? facts : { ...facts, id: message.id };
}

function toFacts(message: EventSourceMessage): LiveFacts | null {
  switch (message.event ?? '') {
    case 'snapshot':
      return { type: 'snapshot', batch: read(batchSchema, message.data) };
    case 'batch':
      return { type: 'batch', batch: read(batchSchema, message.data) };
    case 'file':
      return { type: 'file', file: read(fileSchema, message.data) };
    case 'progress': {
      const { file_id, progress, note } = read(progressSchema, message.data);
      return { type: 'progress', fileId: file_id, progress, note: note ?? null };
    }
    case 'reset':
      return { type: 'reset' };
    default:
      return null;
  }
}

function read<Schema extends z.ZodType>(schema: Schema, data: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(data));
  } catch (error) {
    throw unexpectedAnswer(200, error);
  }
}
