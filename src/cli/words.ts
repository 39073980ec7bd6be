/** Statuses and waits in the words of people (seed: "keep the technical details out"). Pure. */
import type { BatchResource } from '../api/batches.schema.ts';
import type { FileResource } from '../api/files.schema.ts';
import type { BatchStatus } from '../shared/domain/batch.ts';
import type { FileStatus } from '../shared/domain/file-state.ts';

const fileWords: Readonly<Record<FileStatus, string>> = {
  queued: 'waiting',
  uploading: 'uploading',
  editing: 'editing',
  checking: 'checking the edit',
  rendering: 'exporting',
  delivering: 'delivering',
  parked: 'on hold',
  completed: 'done',
  failed: 'failed',
  canceled: 'canceled',
};

const waitWords: Readonly<Record<NonNullable<FileResource['waiting_for']>['reason'], string>> = {
  slot: 'in line',
  lane: 'in line',
  rate_limit: 'pausing, too much at once',
  credits: 'on hold until there are credits',
  token: 'on hold, no valid token (set NEMO_TOKEN)',
  pause: 'paused',
  recheck: 'checking the edit',
  upstream: 'the editor does not answer, trying again',
};

const batchWords: Readonly<Record<BatchStatus, string>> = {
  queued: 'waiting',
  processing: 'working',
  paused: 'paused',
  blocked: 'on hold',
  canceling: 'being canceled',
  completed: 'done',
  failed: 'failed',
  canceled: 'canceled',
};

const blockWords: Readonly<Record<NonNullable<BatchResource['blocked']>['reason'], string>> = {
  out_of_credits: 'the account is out of credits; it goes on by itself once there are some',
  token_invalid: 'there is no valid token; set NEMO_TOKEN to a live one',
  max_credits: 'its limit of credits is reached',
};

export const fileStatusWords = (status: FileStatus): string => fileWords[status];

export function describeFile(file: FileResource): string {
  if (file.error !== null) return `failed: ${file.error.message}`;
  if (file.waiting_for !== null) return describeWait(file.waiting_for);
  return file.status === 'editing' ? describeEdit(file) : fileWords[file.status];
}

function describeWait({ reason, position, until }: NonNullable<FileResource['waiting_for']>): string {
  const place = reason === 'slot' && position !== null && position > 0 ? `, about ${position} before it` : '';
  const time = until === null ? '' : ` (until ${new Date(until).toLocaleTimeString()})`;
  return `${waitWords[reason]}${place}${time}`;
}

/** "editing (2 of 3): add a logo watermark". */
function describeEdit(file: FileResource): string {
  const last = file.steps.findLast((step) => step.step === 'edit');
  if (last?.instruction === undefined) return 'editing';
  const number = file.instructions.lastIndexOf(last.instruction) + 1;
  const place = file.instructions.length > 1 && number > 0 ? ` (${number} of ${file.instructions.length})` : '';
  return `editing${place}: ${last.instruction.replaceAll(/\s+/g, ' ')}`;
}

export function describeBatch(batch: BatchResource): string {
  const word = batchWords[batch.status];
  if (batch.blocked === null) return word;
  const help = batch.blocked.help_url === null ? '' : ` See ${batch.blocked.help_url}`;
  return `${word}: ${blockWords[batch.blocked.reason]}.${help}`;
}

/** "1 file", "3 files". */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** "8 s", "2 min 5 s", "1 h 4 min". */
export function durationWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function sizeWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power] ?? 'B'}`;
}
