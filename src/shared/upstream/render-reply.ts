/**
 * Reads a render's state out of either reply shape, or of a mixture: T keeps it at the top with an `output`, L under
 * `data` with `outputUrl`. Which one comes may change between two polls.
 */
import { fieldsOf, firstNumber, firstText, isFields, secondsToMs, type Fields } from './reply-fields.ts';
import { cutDetail, wordsOf } from './to-fault.ts';
import type { RenderState, RenderStatus } from './types.ts';

/** Null where nothing in the body looks like a render. */
export function readRenderReply(json: unknown, secret: string): RenderState | null {
  const top = fieldsOf(json);
  const data = fieldsOf(top['data']);
  const all: Fields = { ...top, ...data };
  if (!['status', 'progress', 'taskId', 'id', 'outputUrl', 'output'].some((key) => key in all)) return null;
  const output = isFields(all['output']) ? all['output'] : {};
  const fields: Fields = { ...all, ...output };
  return {
    status: toStatus(all['status']),
    progress: percent(firstNumber(all, ['progress'])),
    url: httpUrl(firstText(fields, ['url', 'outputUrl', 'output_url', 'output'])),
    durationMs: secondsToMs(firstNumber(fields, ['duration'])),
    bytes: firstNumber(fields, ['size', 'outputSize']),
    detail: cutDetail(wordsOf(all['error'] ?? all['message'] ?? all['detail']), secret) || null,
  };
}

/** A failed render may come inside `success:false`: that is the render's verdict, not a fault of the poll. */
export function isFailedRender(json: unknown): boolean {
  const top = fieldsOf(json);
  return toStatus(fieldsOf(top['data'])['status'] ?? top['status']) === 'failed';
}

function toStatus(value: unknown): RenderStatus {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return text === 'pending' || text === 'completed' || text === 'failed' ? text : 'processing';
}

function percent(value: number | null): number | null {
  return value === null ? null : Math.min(100, Math.max(0, value));
}

function httpUrl(text: string | null): string | null {
  return text !== null && /^https?:\/\//i.test(text) ? text : null;
}
