/** Resources as the API answers them, for what is tested without a service. */
import type { BatchResource } from '../../src/api/batches.schema.ts';
import type { FileResource } from '../../src/api/files.schema.ts';
import { fileStatuses } from '../../src/shared/domain/file-state.ts';

const at = '2026-01-02T03:04:05.000Z';
export const batchId = `bat_${'a'.repeat(32)}`;

export function aBatch(
  changes: Partial<BatchResource> = {},
  counts: Partial<BatchResource['counts']> = {},
): BatchResource {
  const none = Object.fromEntries(fileStatuses.map((status) => [status, 0])) as Omit<BatchResource['counts'], 'total'>;
  return {
    id: batchId,
    name: 'spring',
    status: 'processing',
    round: 1,
    blocked: null,
    counts: { total: 2, ...none, ...counts },
    credits: { estimated: 100, spent: 0, spent_is: 'estimated' },
    metadata: {},
    created_at: at,
    started_at: at,
    finished_at: null,
    eta: null,
    links: { self: '', files: '', results: '', events: '' },
    ...changes,
  };
}

export function aFile(index: number, changes: Partial<FileResource> = {}): FileResource {
  return {
    id: `fil_${'a'.repeat(32)}_${index.toString(36)}`,
    batch_id: batchId,
    index,
    name: `clip-${index}.mp4`,
    custom_id: null,
    status: 'queued',
    waiting_for: null,
    progress: 0,
    instructions: ['mute'],
    steps: [],
    session: null,
    timeline: null,
    output: null,
    error: null,
    metadata: {},
    created_at: at,
    finished_at: null,
    ...changes,
  };
}

export const failure = (message: string): NonNullable<FileResource['error']> => ({
  code: 'edit_not_applied',
  step: 'edit',
  message,
  upstream_code: null,
  retryable: true,
  help_url: null,
});
