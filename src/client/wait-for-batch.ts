/**
 * Waits for the end of a batch: by its live events, and by a look at the batch itself whenever those were cut, so that
 * a proxy that lets no stream through only makes it slower.
 */
import { batchSchema, type BatchResource } from '../api/batches.schema.ts';
import { finalStatuses } from '../shared/domain/batch.ts';
import { isPassing } from './call.ts';
import { callJson } from './call-json.ts';
import { callerSignal, type CallOptions, type Connection } from './connection.ts';
import type { LiveEvent } from './live-event.ts';
import { readEvents } from './read-events.ts';

export interface WaitOptions extends CallOptions {
  /** Without it: as long as it takes. The batch itself goes on. */
  readonly timeoutMs?: number | undefined;
  /** Sees what passes meanwhile. */
  readonly onEvent?: ((event: LiveEvent) => void) | undefined;
}

/** The batch had not ended by then. It goes on. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  readonly batchId: string;
  readonly timeoutMs: number;

  constructor(batchId: string, timeoutMs: number) {
    super(`Batch ${batchId} has not ended within ${timeoutMs} ms.`);
    this.batchId = batchId;
    this.timeoutMs = timeoutMs;
  }
}

/** Timers take no more. */
const maxTimeoutMs = 2 ** 31 - 1;

export async function waitForBatch(
  connection: Connection,
  id: string,
  { timeoutMs, onEvent, signal: given }: WaitOptions = {},
): Promise<BatchResource> {
  const ending = new AbortController();
  const tooLong = (): void => ending.abort(new WaitTimeoutError(id, timeoutMs ?? 0));
  const timer = timeoutMs === undefined ? undefined : setTimeout(tooLong, Math.min(timeoutMs, maxTimeoutMs));
  const signal = AbortSignal.any([callerSignal(connection, { signal: given }), ending.signal]);
  try {
    for await (const event of readEvents(connection, id, { signal })) {
      onEvent?.(event);
      const batch = event.type === 'lost' ? await look(connection, id, signal) : batchOf(event);
      if (batch !== null && isOver(batch)) return batch;
    }
  } finally {
    clearTimeout(timer);
  }
  // Not reached: the events never end by themselves.
  throw new WaitTimeoutError(id, timeoutMs ?? 0);
}

const isOver = ({ status }: BatchResource): boolean => (finalStatuses as readonly string[]).includes(status);

const batchOf = (event: LiveEvent): BatchResource | null =>
  event.type === 'batch' || event.type === 'snapshot' ? event.batch : null;

/** Null: not to be had now; the events will tell. */
async function look(connection: Connection, id: string, signal: AbortSignal): Promise<BatchResource | null> {
  const path = `/batches/${encodeURIComponent(id)}`;
  try {
    return await callJson(connection, { method: 'GET', path, repeatable: false, signal }, batchSchema);
  } catch (error) {
    if (isPassing(error)) return null;
    throw error;
  }
}
